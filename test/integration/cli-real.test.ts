import { expect, test } from "vitest";
import { environmentName } from "#contracts/settings.ts";
import { describeReal } from "../support/real-components.ts";
import { CliWorld } from "./cli-harness.ts";
import { realInstallation } from "./server-harness.ts";

describeReal("platemark import with MinIO, Redis and PostgreSQL", ["minio", "redis", "postgres"], () => {
  test("marks every picture there, and sends nothing twice", async () => {
    await using installation = await realInstallation();
    await using world = await CliWorld.make();
    await world.addPictures(Array.from({ length: 12 }, (_, n) => `${n}.jpg`));
    const { home: _home, mark: _mark, ...settings } = installation.settings;
    const environment = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [environmentName(name), String(value)]),
    );
    const first = await world.run(["import", world.pictures, "--json"], environment);
    expect([first.stderr, first.code]).toEqual(["", 0]);
    expect(Object.values(first.pictures)).toEqual(Array(12).fill("marked"));
    const second = await world.run(["import", world.pictures, "--json"], environment);
    expect(second.code).toBe(0);
    expect(Object.values(second.pictures)).toEqual(Array(12).fill("already"));
    expect(second.events.at(-1)).toMatchObject({ bytes: 0 });
  });
});
