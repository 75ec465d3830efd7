import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import type { ObjectStore } from "../../services/ports/object-store.ts";
import { createS3ObjectStore } from "./object-store.ts";

describe("the S3 adapter, when the store misbehaves", () => {
  let server: Server;
  let store: ObjectStore;
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const serve = async (listener: RequestListener) => {
    server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const keys = { accessKey: "access", secretKey: "very-secret" };
    store = createS3ObjectStore({ endpoint, region: "us-east-1", bucket: "b", ...keys }, { clock, logger });
  };
  afterEach(async () => {
    await store.close();
    server.closeAllConnections();
    server.close();
  });

  test("takes its time from the store that finds ours wrong, and asks again", async () => {
    const theirs = clock.now() + 3_600_000;
    const dates: string[] = [];
    await serve((request, response) => {
      dates.push(String(request.headers["x-amz-date"]));
      response.setHeader("date", new Date(theirs).toUTCString());
      if (dates.length === 1) {
        response.writeHead(403);
        response.end("<Error><Code>RequestTimeTooSkewed</Code></Error>");
      } else response.end();
    });
    expect(await store.listParts("raw/a", "u")).toEqual([]);
    expect(dates[1]).toBe(new Date(theirs).toISOString().replace(/[-:]|\.\d{3}/g, ""));
    const { url } = await store.presignGet("raw/a", { expiresSeconds: 60 });
    expect(new URL(url).searchParams.get("X-Amz-Date")).toBe(dates[1]);
    expect(logger.of("store.clock_skew")).toHaveLength(1);
  });

  test("finds out that a store overwrites although it is told not to", async () => {
    await serve((request, response) => {
      response.end(request.url!.includes("location") ? "<LocationConstraint/>" : "{}");
    });
    const steps = await store.ensureReady();
    expect(steps.find(({ step }) => step === "conditions")).toMatchObject({
      outcome: "refused",
      message: expect.stringContaining("the later one wins"),
    });
  });

  test("reads the failure inside of a 200 answer to CompleteMultipartUpload", async () => {
    await serve((_request, response) => response.end("<Error><Code>InternalError</Code></Error>"));
    await expect(store.completeMultipart("raw/a", "u", [])).rejects.toMatchObject({
      code: "store.unreachable",
    });
  });

  test("asks once more when a kept connection was closed under it", async () => {
    let requests = 0;
    await serve((request, response) => {
      requests++;
      if (requests === 1) request.socket.destroy();
      else response.writeHead(404).end();
    });
    expect(await store.head("raw/a")).toBeNull();
    expect(requests).toBe(2);
  });

  test("gives up a list of parts that does not end", async () => {
    let pages = 0;
    await serve((_request, response) => {
      pages++;
      response.end(
        `<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>${pages}</NextPartNumberMarker><Part><PartNumber>${pages}</PartNumber><ETag>"e"</ETag><Size>1</Size></Part></ListPartsResult>`,
      );
    });
    await expect(store.listParts("raw/a", "u")).rejects.toMatchObject({ code: "store.refused" });
    expect(pages).toBe(100);
  });

  test("calls a store that is not there unreachable, and names it without its keys", async () => {
    await serve(() => {});
    const keys = { accessKey: "access", secretKey: "very-secret" };
    const away = createS3ObjectStore(
      { endpoint: "http://127.0.0.1:9", region: "us-east-1", bucket: "b", ...keys },
      { clock, logger },
    );
    const error = await away.head("raw/a").catch((reason) => reason);
    expect(error).toMatchObject({ code: "store.unreachable", retry: "backoff" });
    expect(error.message).toContain("http://127.0.0.1:9");
    expect(JSON.stringify(error) + error.message).not.toContain("very-secret");
    await away.close();
  });
});
