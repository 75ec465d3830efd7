import { generateKeyPairSync } from "node:crypto";
import { exportJWK } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { RemoteKeys } from "./remote-keys.ts";

const jwk = async (kid: string) => ({
  ...(await exportJWK(generateKeyPairSync("ed25519").publicKey)),
  kid,
});
const first = await jwk("first");
const second = await jwk("second");
const ask = (kid: string) => ({ alg: "EdDSA", kid }) as const;

let clock: FakeClock;
let questions: number;
let answer: () => Promise<string>;
let keys: RemoteKeys;
const answersWith = (...set: object[]) => {
  answer = async () => JSON.stringify({ keys: set });
};
const fails = () => {
  answer = async () => Promise.reject(new AppError("unavailable", "nobody there"));
};
beforeEach(() => {
  clock = new FakeClock();
  questions = 0;
  answersWith(first);
  const source = {
    fetch: () => {
      questions++;
      return answer();
    },
  };
  keys = new RemoteKeys({ source, clock, logger: new RecordingLogger() });
});

describe("keys behind a URL", () => {
  test("are asked for once by many at once, and not again while they are young", async () => {
    await Promise.all(Array.from({ length: 20 }, () => keys.find(ask("first"))));
    clock.jump(599_000);
    await keys.find(ask("first"));
    expect(questions).toBe(1);
    clock.jump(2_000);
    await keys.find(ask("first"));
    expect(questions).toBe(2);
  });

  test("are asked for at the start, and whoever comes meanwhile waits for that answer", async () => {
    const late = Promise.withResolvers<string>();
    answer = () => late.promise;
    keys.start();
    const waiting = keys.find(ask("first"));
    late.resolve(JSON.stringify({ keys: [first] }));
    expect((await waiting).kid).toBe("first");
    expect(questions).toBe(1);
  });

  test("are asked for once more when a name is unknown, and then not before a pause has passed", async () => {
    await keys.find(ask("first"));
    clock.jump(30_000);
    answersWith(first, second);
    expect((await keys.find(ask("second"))).kid).toBe("second");
    expect(questions).toBe(2);
    for (let n = 0; n < 50; n++)
      await expect(keys.find(ask(`forged-${n}`))).rejects.toMatchObject({ code: "unauthenticated" });
    expect(questions).toBe(2);
    clock.jump(30_000);
    await expect(keys.find(ask("forged"))).rejects.toMatchObject({ code: "unauthenticated" });
    expect(questions).toBe(3);
  });

  test("stay in force for an hour when nobody answers, and then nobody is let in", async () => {
    await keys.find(ask("first"));
    fails();
    clock.jump(3_599_000);
    for (let n = 0; n < 5; n++) expect((await keys.find(ask("first"))).kid).toBe("first");
    expect(questions).toBe(2);
    clock.jump(2_000);
    await expect(keys.find(ask("first"))).rejects.toMatchObject({ code: "unavailable", retry: "backoff" });
    clock.jump(30_000);
    answersWith(first);
    expect((await keys.find(ask("first"))).kid).toBe("first");
  });

  test("stay in force when the answer is none", async () => {
    await keys.find(ask("first"));
    answer = async () => "<html>";
    clock.jump(700_000);
    expect((await keys.find(ask("first"))).kid).toBe("first");
  });

  test("that were taken back are out of force with the next answer", async () => {
    await keys.find(ask("first"));
    answersWith(second);
    clock.jump(600_001);
    await expect(keys.find(ask("first"))).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("let nobody in before the first answer, and are not asked for again at once", async () => {
    fails();
    for (let n = 0; n < 5; n++)
      await expect(keys.find(ask("first"))).rejects.toMatchObject({ code: "unavailable" });
    expect(questions).toBe(1);
  });

  test("are old when the clock was set back", async () => {
    await keys.find(ask("first"));
    clock.jump(-86_400_000);
    await keys.find(ask("first"));
    expect(questions).toBe(2);
  });
});
