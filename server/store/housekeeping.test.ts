import { describe, expect, test } from "vitest";
import { expiredOf } from "./housekeeping.ts";
import { parseLifecycle } from "./lifecycle.ts";
import { EMPTY_ATTRIBUTES, type StoredVersion } from "./stored-object.ts";
import { DAY_MS } from "./times.ts";

const NOW = 100 * DAY_MS;

function version(id: number, ageDays: number, more: Partial<StoredVersion> = {}): StoredVersion {
  return {
    id,
    bucket: 1,
    key: "k",
    version: String(id),
    latest: false,
    marker: false,
    size: 10,
    etag: "e",
    modifiedMs: NOW - ageDays * DAY_MS,
    attributes: EMPTY_ATTRIBUTES,
    tags: [],
    blob: null,
    ...more,
  };
}

function rule(content: string) {
  const source = `<LifecycleConfiguration><Rule><Status>Enabled</Status>${content}</Rule></LifecycleConfiguration>`;
  return parseLifecycle(source)[0]!;
}

const due = (versions: readonly StoredVersion[], content: string) =>
  expiredOf(versions, rule(content), NOW).map(({ id }) => id);

describe("a lifecycle rule", () => {
  test("expires current versions by age, size and tags", () => {
    const versions = [
      version(1, 8, { key: "a", latest: true, tags: [["t", "1"]] }),
      version(2, 6, { key: "b", latest: true, tags: [["t", "1"]] }),
      version(3, 8, { key: "c", latest: true }),
      version(4, 8, { key: "d", latest: true, size: 5, tags: [["t", "1"]] }),
    ];
    expect(due(versions, "<Prefix/><Expiration><Days>7</Days></Expiration>")).toEqual([1, 3, 4]);
    const filter =
      "<Filter><And><Tag><Key>t</Key><Value>1</Value></Tag><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter>";
    expect(due(versions, `${filter}<Expiration><Days>7</Days></Expiration>`)).toEqual([1]);
  });

  test("expires noncurrent versions by the time since they were replaced, and keeps the newest of them", () => {
    const versions = [version(4, 1, { latest: true }), version(3, 40), version(2, 50), version(1, 60)];
    const days = "<NoncurrentDays>30</NoncurrentDays>";
    expect(due(versions, `<NoncurrentVersionExpiration>${days}</NoncurrentVersionExpiration>`)).toEqual([
      2, 1,
    ]);
    const keep = "<NewerNoncurrentVersions>2</NewerNoncurrentVersions>";
    expect(
      due(versions, `<NoncurrentVersionExpiration>${days}${keep}</NoncurrentVersionExpiration>`),
    ).toEqual([1]);
  });

  test("removes a delete marker only when nothing is left below it", () => {
    const marker = { latest: true, marker: true };
    const expiration = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
    expect(due([version(2, 1, marker)], expiration)).toEqual([2]);
    expect(due([version(2, 1, marker), version(1, 2)], expiration)).toEqual([]);
  });

  test.each([
    [
      "a transition",
      "<Transition><Days>1</Days><StorageClass>COLD</StorageClass></Transition>",
      "InvalidStorageClass",
    ],
    ["no action", "", "MalformedXML"],
    ["zero days", "<Expiration><Days>0</Days></Expiration>", "InvalidArgument"],
    ["days that are no number", "<Expiration><Days>x</Days></Expiration>", "MalformedXML"],
  ])("is refused with %s", (_title, content, code) => {
    expect(() => rule(content)).toThrow(expect.objectContaining({ code }));
  });
});
