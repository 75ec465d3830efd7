import { describe, expect, test } from "vitest";
import { CliWorld } from "./cli-harness.ts";

const SECRET = "a-secret-of-this-test-alone-0123456789";

describe("an import to a server elsewhere", () => {
  test("waits until the server is there, and goes on when it comes back", async () => {
    await using world = await CliWorld.make();
    await world.addPictures(Array.from({ length: 30 }, (_, n) => `${n}.jpg`));
    const serverHome = `${world.folder}/server`;
    const serve = (port: string) =>
      world.start(["serve", "--port", port, "--mark-qps", "0"], {
        PLATEMARK_HOME: serverHome,
        PLATEMARK_TOKEN_SECRET: SECRET,
      });
    // The port must be known before the server is: it is asked for once, and used again.
    const first = serve("0");
    const [, found] = await first.seen(/serves at http:\/\/127\.0\.0\.1:(\d+)/);
    const port = found!;
    first.process.kill("SIGTERM");
    expect((await first.finished).code).toBe(0);

    const importing = world.start(["import", world.pictures, "--json"], {
      PLATEMARK_SERVER_URL: `http://127.0.0.1:${port}`,
      PLATEMARK_TOKEN_SECRET: SECRET,
    });
    await importing.seen(/"event":"waiting","reason":"The server does not answer[^"]*"/);
    const second = serve(port);
    await importing.seen(/"event":"picture"/);
    second.process.kill("SIGTERM");
    await second.finished;
    const third = serve(port);
    const result = await importing.finished;
    third.process.kill("SIGTERM");
    await third.finished;
    expect(result.stderr).toBe("");
    expect(result.code).toBe(0);
    expect(Object.keys(result.pictures)).toHaveLength(30);
    expect(new Set(Object.values(result.pictures))).toEqual(new Set(["marked"]));
  });

  test("exits 3 with a token that the server does not accept", async () => {
    await using world = await CliWorld.make();
    await world.addPictures(["a.jpg"]);
    const server = world.start(["serve", "--port", "0", "--workers", "0"], {
      PLATEMARK_HOME: `${world.folder}/server`,
      PLATEMARK_TOKEN_SECRET: SECRET,
    });
    const [, url] = await server.seen(/serves at (http:\/\/[\d.]+:\d+)/);
    const result = await world.run(["import", world.pictures], {
      PLATEMARK_SERVER_URL: url!,
      PLATEMARK_TOKEN: "not-a-token",
    });
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/platemark token/);
  });
});
