import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { HttpServer } from "./http-server.ts";

const pem = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/tls/first.${name}.pem`, import.meta.url), "utf8");
const LARGE = 4 * 1024 * 1024;

test("takes a request in several TLS records while the answer before is still being written", async () => {
  await using server = new HttpServer(
    (request, response) => {
      request.resume();
      request.once("end", () => response.end(request.url === "/large" ? Buffer.alloc(LARGE, "x") : "last"));
    },
    { host: "127.0.0.1", port: 0, tls: { cert: pem("cert"), key: pem("key") } },
    { clock: systemClock },
  );
  const port = await server.listen();
  const tcp = connectTcp(port, "127.0.0.1");
  const client = connect({ socket: joined(tcp), ca: pem("cert"), ALPNProtocols: ["http/1.1"] });
  await once(client, "secureConnect");
  client.write("GET /large HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(client, "readable");
  // Nobody reads on, so the server has most of the answer still to write. Each write is a record of its own, and all
  // of them go in one packet.
  client.write("POST /small HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n");
  client.write("ab");
  client.write("cd");
  let read = "";
  client.setEncoding("latin1").on("data", (text) => {
    read += text;
    if (read.endsWith("\r\n\r\nlast")) client.end();
  });
  await once(client, "close");
  expect(read.slice(-8)).toBe("\r\n\r\nlast");
});

/** The socket, but what is written within a few milliseconds goes out together. */
function joined(tcp: Socket): Duplex {
  let held: Buffer[] = [];
  const flush = () => {
    if (held.length > 0) tcp.write(Buffer.concat(held));
    held = [];
  };
  const duplex = new Duplex({
    read: () => void tcp.resume(),
    write(chunk: Buffer, _encoding, done) {
      if (held.length === 0) setTimeout(flush, 5);
      held.push(chunk);
      done();
    },
    final(done) {
      flush();
      tcp.end(done);
    },
    destroy(error, done) {
      tcp.destroy();
      done(error);
    },
  });
  tcp.on("data", (chunk) => duplex.push(chunk) || tcp.pause());
  tcp.once("close", () => duplex.push(null));
  return duplex;
}
