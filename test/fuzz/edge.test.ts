import { Pool } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MediaService } from "#gen/media_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { ADMIT_ALL } from "../../server/edge/admission/admission.ts";
import { chooseEncoding } from "../../server/edge/answers/accept-encoding.ts";
import { decodeGrpcMessage, encodeGrpcMessage } from "../../server/edge/answers/grpc-message.ts";
import { wireFormOf } from "../../server/edge/answers/wire-form.ts";
import { createDispatcher } from "../../server/edge/dispatcher.ts";
import { HttpServer } from "../../server/edge/listener/http-server.ts";
import { Base64Decoder } from "../../server/edge/protocols/base64.ts";
import { parseTimeout } from "../../server/edge/protocols/deadline.ts";
import { envelope, onlyMessage } from "../../server/edge/protocols/envelope.ts";
import { encodePiece } from "../../server/edge/protocols/grpc-web-text.ts";
import { unaryFormOf } from "../../server/edge/protocols/unary-form.ts";
import { rpcEndpoints } from "../../server/edge/rpc-endpoints.ts";
import { GZIP } from "../../server/rpc/compression.ts";
import { RpcMethods } from "../../server/rpc/rpc-methods.ts";
import { FUZZ_TIMEOUT_MS, fuzz, RUNS } from "./fuzz.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("what strangers send to the edge", () => {
  test(
    "in headers is read as something, or as nothing",
    async () => {
      const samples = [
        "gzip, deflate, br;q=0.5, *;q=0",
        "identity;q=0, gzip;q=1.000",
        "15S",
        "99999999n",
        "1500",
        "application/grpc-web-text+proto",
        "application/connect+json; charset=utf-8",
        "application/json",
        "50%25 %E2%82%AC",
      ];
      await fuzz(samples, (input) => {
        expect([null, "br", "gzip"]).toContain(chooseEncoding(input, ["br", "gzip"]));
        for (const header of ["grpc-timeout", "connect-timeout-ms"] as const) {
          const timeout = parseTimeout(header, input);
          expect(Number.isNaN(timeout) || timeout! >= 0).toBe(true);
        }
        const form = unaryFormOf(input);
        if (form && form.kind !== "connect") expect(wireFormOf(input, null)).toContain(form.kind);
        expect(decodeGrpcMessage(encodeGrpcMessage(input))).toBe(input.toWellFormed());
        decodeGrpcMessage(input);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  test(
    "as base64 is the same bytes however it is cut, or refused",
    async () => {
      const samples = ["hello", "", "a much longer frame of bytes"].map((text) =>
        encodePiece(envelope(0, Buffer.from(text))).toString("latin1"),
      );
      const outcome = (pieces: readonly Uint8Array[]): string => {
        const decoder = new Base64Decoder();
        try {
          return Buffer.concat([...pieces.map((piece) => decoder.push(piece)), decoder.end()]).toString(
            "hex",
          );
        } catch (error) {
          if (error instanceof AppError && error.code === "invalid_argument") return "refused";
          throw error;
        }
      };
      await fuzz([...samples, samples.join("")], (input, _sample, random) => {
        const bytes = latin1(input);
        const at = Math.floor(random() * (bytes.length + 1));
        expect(outcome([bytes.subarray(0, at), bytes.subarray(at)])).toBe(outcome([bytes]));
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  test(
    "as an envelope is its one message, or something else",
    async () => {
      const samples = ["", "hello", "x".repeat(300)].flatMap((text) =>
        [0, 1, 2, 0x80].map((flags) => envelope(flags, Buffer.from(text)).toString("latin1")),
      );
      await fuzz(samples, (input) => {
        const framed = latin1(input);
        const message = onlyMessage(framed, GZIP);
        if (!message) return;
        expect(message.bytes.length).toBe(framed.length - 5);
        expect(envelope(framed[0]!, message.bytes).equals(framed)).toBe(true);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  describe("as a whole call", () => {
    let server: HttpServer;
    let pool: Pool;
    beforeAll(async () => {
      const methods = new RpcMethods({
        shutdown: new AbortController().signal,
        maxMessageBytes: 4_096,
      }).service(MediaService, { getMedia: () => ({}) });
      const handle = createDispatcher({
        decideOrigin: () => ({ kind: "none", headers: {} }),
        probes: new Map(),
        admission: ADMIT_ALL,
        authorize: async () => null,
        endpoints: new Map(rpcEndpoints(methods)),
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
      });
      server = new HttpServer(handle, { host: "127.0.0.1", port: 0 }, { clock: systemClock });
      pool = new Pool(`http://127.0.0.1:${await server.listen()}`, { connections: 2 });
    });
    afterAll(async () => {
      await pool?.destroy();
      await server?.[Symbol.asyncDispose]();
    });

    test(
      "gets an answer, and the server lives on",
      async () => {
        const types = [
          "application/grpc-web",
          "application/grpc-web-text",
          "application/json",
          "application/proto",
        ];
        const plain = envelope(0, Buffer.from([10, 1, 97])).toString("latin1");
        const samples = [plain, encodePiece(latin1(plain)).toString("latin1"), '{"ids":["a"]}', "\n\u0001a"];
        await fuzz(
          samples,
          async (input, _sample, random) => {
            const type = types[Math.floor(random() * types.length)]!;
            const { statusCode, body } = await pool.request({
              method: "POST",
              path: "/platemark.v1.MediaService/GetMedia",
              headers: { "content-type": type, ...(random() < 0.2 ? { "grpc-encoding": "gzip" } : {}) },
              body: latin1(input),
            });
            await body.dump();
            expect([200, 400, 429, 500, 501]).toContain(statusCode);
          },
          Math.max(200, RUNS / 100),
        );
      },
      FUZZ_TIMEOUT_MS,
    );
  });
});
