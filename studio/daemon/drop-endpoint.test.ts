import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { ScriptedCore } from "../../test/fakes/window-core.ts";
import { DropEndpoint } from "./drop-endpoint.ts";

const DROP = "0f8fad5b-d9cb-469f-a165-70867728950e";

function endpoint(failure: string) {
  const createFile = () =>
    new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error(failure), { code: failure })),
    });
  return new DropEndpoint(
    { core: new ScriptedCore(), createFile },
    { inboxDir: join(tmpdir(), "platemark-none") },
  );
}

function arriving(text: string): IncomingMessage {
  return Object.assign(Readable.from([Buffer.from(text)]), { headers: {} }) as unknown as IncomingMessage;
}

test.each(["ENOSPC", "EDQUOT"])(
  "a full disk (%s) is named, with the way that needs no copy",
  async (failure) => {
    await expect(endpoint(failure).put(DROP, "a.jpg", arriving("x"))).rejects.toMatchObject({
      code: "disk.full",
      message: expect.stringContaining("choose their folder"),
    });
  },
);

test("any other fault of the disk is not taken for a full one", async () => {
  await expect(endpoint("EIO").put(DROP, "a.jpg", arriving("x"))).rejects.toMatchObject({ code: "internal" });
});
