import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IncomingBody } from "./incoming-body.ts";

class Socket {
  paused = false;
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
}

const bytes = (length: number) => new Uint8Array(length).fill(7);

describe("a body as it comes over a websocket", () => {
  test("hands on every byte once and in order, in whatever steps it is pushed and pulled", async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.array(fc.boolean()), async (pushed, pulls) => {
        const socket = new Socket();
        const body = new IncomingBody(socket, { highBytes: 16 });
        const got: number[] = [];
        const reading: Promise<void>[] = [];
        const pull = () =>
          body.next().then(({ value }) => {
            got.push(...(value ?? []));
          });
        for (const [at, chunk] of pushed.entries()) {
          body.push(chunk);
          if (pulls[at] && body.bytes > 0) reading.push(pull());
          expect(socket.paused).toBe(body.paused);
        }
        body.end();
        await Promise.all(reading);
        for await (const chunk of body) got.push(...chunk);
        expect(got).toEqual(pushed.flatMap((chunk) => [...chunk]));
        expect(socket.paused).toBe(false);
      }),
    );
  });

  test("stops reading the socket while the handler is behind, and goes on when it has caught up", async () => {
    const socket = new Socket();
    const body = new IncomingBody(socket, { highBytes: 100 });
    body.push(bytes(60));
    expect(socket.paused).toBe(false);
    body.push(bytes(60));
    expect(socket.paused).toBe(true);
    await body.next();
    expect(socket.paused).toBe(true);
    await body.next();
    expect(socket.paused).toBe(false);
  });

  test("reads on when the handler wants no more, so that the socket's end is seen", async () => {
    const socket = new Socket();
    const body = new IncomingBody(socket, { highBytes: 10 });
    body.push(bytes(20));
    await body.return();
    expect(socket.paused).toBe(false);
    body.push(bytes(20));
    expect([body.bytes, socket.paused]).toEqual([0, false]);
  });

  test("tells a handler that waits why no more comes, once", async () => {
    const body = new IncomingBody(new Socket(), { highBytes: 10 });
    const waiting = body.next();
    body.fail(new Error("cut"));
    body.fail(new Error("again"));
    await expect(waiting).rejects.toThrow("cut");
    const later = new IncomingBody(new Socket(), { highBytes: 10 });
    later.push(bytes(5));
    later.fail(new Error("cut"));
    await expect(later.next()).rejects.toThrow("cut");
    expect(await later.next()).toEqual({ done: true, value: undefined });
  });
});
