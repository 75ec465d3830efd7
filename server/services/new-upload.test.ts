import { describe, expect, test } from "vitest";
import { markKey } from "#contracts/mark.ts";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { SeededRandom } from "../../test/fakes/seeded-random.ts";
import { toNewMedia, type UploadRequest } from "./new-upload.ts";

const caller = { user: "ann", bucket: "pictures", objectKeyPrefix: "raw/ann/", maxSize: 1_000 };
const usual: UploadRequest = {
  fileName: "IMG_0001.JPG",
  size: 10,
  contentType: "image/jpeg",
  sha256: "a".repeat(64),
  traceId: "b".repeat(32),
  markSpec: "",
};
const check = (changes: Partial<UploadRequest>, by: Partial<typeof caller> = {}) =>
  toNewMedia(
    { ...usual, ...changes },
    { ...caller, ...by },
    {
      bucket: "pictures",
      defaultMark: DEFAULT_MARK,
      random: new SeededRandom(),
    },
  );

const templateMark = (more: object) =>
  JSON.stringify({ version: "0".repeat(64), template: "corner", ...more });

describe("an announced picture", () => {
  test("gets a key of the user, the media id and a known extension", () => {
    const media = check({});
    expect(media.objectKey).toBe(`raw/ann/${media.id}.jpg`);
    expect(media.markSpec).toBe(markKey(DEFAULT_MARK));
  });

  test.each([
    ["C:\\card\\DSC 1.nef", "DSC 1.nef", ".nef"],
    ["../../etc/passwd", "passwd", ""],
    ["page.html", "page.html", ""],
    ["a.jpg/..\u0000%2f", "..%2f", ""],
    ["x.JPEG?acl", "x.JPEG?acl", ""],
    ["ä写真.Tiff", "ä写真.Tiff", ".tiff"],
  ])("of the name %j only what is harmless gets into the key", (fileName, kept, extension) => {
    const media = check({ fileName, contentType: "" });
    expect(media.fileName).toBe(kept);
    expect(media.objectKey).toBe(`raw/ann/${media.id}${extension}`);
  });

  test("keeps what its mark says of the job, in one form", () => {
    const markSpec = templateMark({ sequence: 12, values: { JOBCODE: "KERN-117", CLIENT: "Kern" } });
    expect(check({ markSpec }).markSpec).toBe(
      `{"sequence":12,"template":"corner","values":{"CLIENT":"Kern","JOBCODE":"KERN-117"},"version":"${"0".repeat(64)}"}`,
    );
  });

  test.each<[string, Partial<UploadRequest>, string]>([
    ["without name", { fileName: "a/" }, "invalid_argument"],
    ["with an endless name", { fileName: `${"a".repeat(2_000)}.jpg` }, "invalid_argument"],
    ["empty", { size: 0 }, "file.empty"],
    ["of negative size", { size: -1 }, "invalid_argument"],
    ["of half a byte", { size: 0.5 }, "invalid_argument"],
    ["above the token's size", { size: 1_001 }, "upload.too_large"],
    ["with a checksum in upper case", { sha256: "A".repeat(64) }, "invalid_argument"],
    ["with a short checksum", { sha256: "a" }, "invalid_argument"],
    ["with a header in its type", { contentType: "image/jpeg\r\nx: y" }, "invalid_argument"],
    ["with a zero trace", { traceId: "0".repeat(32) }, "invalid_argument"],
    ["with a mark that is no JSON", { markSpec: "{" }, "invalid_argument"],
    ["with a mark of an unknown field", { markSpec: '{"also":1}' }, "invalid_argument"],
    [
      "with a value that nobody may say",
      { markSpec: templateMark({ values: { user_id: "eve" } }) },
      "invalid_argument",
    ],
    ["with values that are none", { markSpec: templateMark({ values: {} }) }, "invalid_argument"],
    ["with a place before the first", { markSpec: templateMark({ sequence: 0 }) }, "invalid_argument"],
  ])("%s is refused", (_what, changes, code) => {
    expect(() => check(changes)).toThrow(expect.objectContaining({ code }));
  });

  test("is refused outside of the token's bucket or prefix", () => {
    expect(() => check({}, { bucket: "other" })).toThrow(
      expect.objectContaining({ code: "permission_denied" }),
    );
    expect(() => check({}, { objectKeyPrefix: "raw/ann/today/" })).toThrow(
      expect.objectContaining({ code: "permission_denied" }),
    );
  });
});
