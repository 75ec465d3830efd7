import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MediaState } from "#contracts/media-state.ts";
import type { MediaRepository, MediaRow, NewMedia } from "../../server/services/ports/media-repository.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { SeededRandom } from "../fakes/seeded-random.ts";

/** Where one test's rows live. */
export interface MediaRepositoryFixture {
  /** Another repository on the same rows, as another process would have it. */
  open(deps: { readonly clock: FakeClock; readonly random: SeededRandom }): Promise<MediaRepository>;
  /** After all repositories are closed. */
  remove(): Promise<void>;
}

const OWNER = "studio";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** What every `MediaRepository` does. */
export function describeMediaRepository(
  title: string,
  makeFixture: () => Promise<MediaRepositoryFixture>,
): void {
  describe(title, () => {
    let fixture: MediaRepositoryFixture;
    let clock: FakeClock;
    let random: SeededRandom;
    let repository: MediaRepository;
    let opened: MediaRepository[];

    const open = async () => {
      const another = await fixture.open({ clock, random: new SeededRandom(99) });
      opened.push(another);
      return another;
    };
    const picture = (name: string, owner = OWNER): NewMedia => ({
      id: random.uuid(),
      owner,
      fileName: `${name}.jpg`,
      size: 6_000_000_000,
      contentType: "image/jpeg",
      sha256: sha256(name),
      bucket: "ecommerce-images",
      objectKey: `originals/${name}.jpg`,
      traceId: "0123456789abcdef0123456789abcdef",
      markSpec: '{"text":"© Bäckerei 图"}',
    });
    const announceOne = async (name: string, owner = OWNER): Promise<MediaRow> => {
      const [answer] = await repository.announce([picture(name, owner)]);
      return answer!.row;
    };
    const step = (row: MediaRow, state: MediaState, via = repository) =>
      via.change(row.id, row.version, { state }, { event: `media.${state}` });
    const allEvents = (via = repository, after = 0) =>
      via.eventsAfter(after, { owner: OWNER, limit: 100_000 });

    beforeEach(async () => {
      fixture = await makeFixture();
      clock = new FakeClock();
      random = new SeededRandom();
      opened = [];
      repository = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.map((each) => each.close()));
      await fixture.remove();
    });

    test("has one server id, the same for whoever opens the database", async () => {
      const id = await repository.serverId();
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await (await open()).serverId()).toBe(id);
    });

    test("announces a row as given, uploading, in version 1", async () => {
      const item = picture("Ünïcode 图片 🦩 'quoted'");
      const [answer] = await repository.announce([item]);
      expect(answer).toEqual({
        created: true,
        row: {
          ...item,
          state: "uploading",
          markedKey: null,
          published: null,
          uploadId: null,
          partSize: null,
          errorCode: null,
          errorMessage: null,
          version: 1,
          createdAtMs: clock.now(),
          updatedAtMs: clock.now(),
        },
      });
      expect(await repository.get([item.id])).toEqual([answer!.row]);
    });

    test("knows the same content of the same owner again, within a batch and across batches", async () => {
      const first = await announceOne("a");
      const answers = await repository.announce([
        picture("b"),
        picture("a"),
        picture("b"),
        picture("a", "other"),
      ]);
      expect(answers.map(({ created }) => created)).toEqual([true, false, false, true]);
      expect(answers[1]!.row).toEqual(first);
      expect(answers[2]!.row).toEqual(answers[0]!.row);
      expect(answers[3]!.row.owner).toBe("other");
      expect((await allEvents()).map(({ media }) => media.fileName)).toEqual(["a.jpg", "b.jpg"]);
    });

    test("announces 3,000 at once and answers in their order", async () => {
      const items = Array.from({ length: 3_000 }, (_, n) => picture(`picture ${n}`));
      const answers = await repository.announce(items);
      expect(answers.every(({ created }) => created)).toBe(true);
      expect(answers.map(({ row }) => row.id)).toEqual(items.map(({ id }) => id));
      expect(await repository.get(items.map(({ id }) => id))).toHaveLength(3_000);
      expect(await repository.announce([])).toEqual([]);
    });

    test("two who announce the same pictures at once make each row once", async () => {
      const other = await open();
      const names = Array.from({ length: 200 }, (_, n) => `picture ${n}`);
      const batches = await Promise.all([
        repository.announce(names.map((name) => picture(name))),
        other.announce(names.toReversed().map((name) => picture(name))),
        repository.announce(names.map((name) => picture(name))),
      ]);
      expect(batches.flat().filter(({ created }) => created)).toHaveLength(200);
      expect(await allEvents()).toHaveLength(200);
    });

    test("gets only rows that exist and belong to the owner asked for", async () => {
      const mine = await announceOne("mine");
      const theirs = await announceOne("theirs", "other");
      const ids = [mine.id, theirs.id, "unknown", "'; drop table media_files; --"];
      expect(await repository.get(ids)).toHaveLength(2);
      expect(await repository.get(ids, { owner: OWNER })).toEqual([mine]);
      expect(await repository.get([])).toEqual([]);
    });

    test("a change applies to the version it was made for, once", async () => {
      const row = await announceOne("a");
      clock.jump(5);
      const changed = await repository.change(
        row.id,
        1,
        { state: "uploaded", uploadId: "u", partSize: 8 },
        { event: "media.uploaded" },
      );
      expect(changed).toEqual({
        ...row,
        state: "uploaded",
        uploadId: "u",
        partSize: 8,
        version: 2,
        updatedAtMs: clock.now(),
      });
      expect(await repository.get([row.id])).toEqual([changed]);
      expect(await step(row, "failed")).toBeNull();
      expect(await repository.change("unknown", 1, {}, { event: "media.none" })).toBeNull();
      expect(await allEvents()).toHaveLength(2);
    });

    test("of many who change the same version at once one wins", async () => {
      const row = await announceOne("a");
      const other = await open();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) => step(row, "uploaded", n % 2 ? other : repository)),
      );
      expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1);
      expect(await allEvents()).toHaveLength(2);
    });

    test("changes of one row that come together follow each other by version", async () => {
      const row = await announceOne("a");
      const outcomes = await Promise.all([
        step(row, "uploaded"),
        step({ ...row, version: 2 }, "marking"),
        step(row, "failed"),
        step({ ...row, version: 3 }, "marked"),
      ]);
      expect(outcomes.map((outcome) => outcome?.state ?? null)).toEqual([
        "uploaded",
        "marking",
        null,
        "marked",
      ]);
      expect((await allEvents()).map(({ media }) => media.state)).toEqual([
        "uploading",
        "uploaded",
        "marking",
        "marked",
      ]);
    });

    test("a state that may not follow is a conflict, and leaves neither row nor event nor job", async () => {
      const row = await announceOne("a");
      const good = await announceOne("b");
      const [bad, fine] = await Promise.allSettled([
        repository.change(
          row.id,
          1,
          { state: "published", markedKey: "m" },
          { event: "x", job: { key: "k", payload: 1 } },
        ),
        step(good, "uploaded"),
      ]);
      expect(bad).toMatchObject({ status: "rejected", reason: { code: "conflict", retry: "never" } });
      expect(fine).toMatchObject({ status: "fulfilled", value: { state: "uploaded" } });
      expect(await repository.get([row.id])).toEqual([row]);
      expect(await repository.outbox(10)).toEqual([]);
      expect((await allEvents()).map(({ kind }) => kind)).toEqual([
        "media.announced",
        "media.announced",
        "media.uploaded",
      ]);
    });

    test("staying in a state is no step and no conflict", async () => {
      const row = await announceOne("a");
      const changed = await repository.change(
        row.id,
        1,
        { state: "uploading", uploadId: "u" },
        { event: "media.changed" },
      );
      expect(changed).toMatchObject({ state: "uploading", uploadId: "u", version: 2 });
    });

    test("texts that no database can hold do not stop the others of a batch", async () => {
      const [a, b] = [await announceOne("a"), await announceOne("b")];
      const failed = { state: "failed", errorCode: "picture.corrupt" } as const;
      const outcomes = await Promise.all([
        repository.change(
          a.id,
          1,
          { ...failed, errorMessage: "bad \0 byte \ud800!" },
          { event: "media.failed" },
        ),
        step(b, "uploaded"),
      ]);
      expect(outcomes[0]).toMatchObject({ errorMessage: "bad  byte \ufffd!" });
      expect(await repository.get([a.id])).toEqual([outcomes[0]]);
      expect(outcomes[1]).toMatchObject({ state: "uploaded" });
    });

    test("the job of a change stays in the outbox until it is done, oldest first", async () => {
      const payload = { text: "图 \u0000 \ud800", list: [1, null] };
      for (const name of ["a", "b", "c"]) {
        const row = await announceOne(name);
        const job = { key: `mark:${name}`, payload };
        await repository.change(row.id, 1, { state: "uploaded" }, { event: "media.uploaded", job });
      }
      const [first, second] = await repository.outbox(2);
      expect(first).toMatchObject({ key: "mark:a", payload });
      expect(second!.key).toBe("mark:b");
      await repository.outboxDone([first!.outboxId, 999_999]);
      await repository.outboxDone([]);
      const other = await open();
      expect((await other.outbox(10)).map(({ key }) => key)).toEqual(["mark:b", "mark:c"]);
    });

    test("events carry the row as it was then, and go on after the last one seen", async () => {
      expect(await repository.lastSequence()).toBe(0);
      const row = await announceOne("a");
      await announceOne("foreign", "other");
      const uploaded = await step(row, "uploaded");
      const seen = await repository.lastSequence();
      expect((await allEvents()).map(({ kind, media }) => ({ kind, media }))).toEqual([
        { kind: "media.announced", media: row },
        { kind: "media.uploaded", media: uploaded },
      ]);
      expect(await allEvents(repository, seen)).toEqual([]);
      clock.jump(7);
      const marking = await step(uploaded!, "marking");
      expect(await allEvents(repository, seen)).toEqual([
        {
          sequence: await repository.lastSequence(),
          kind: "media.marking",
          media: marking,
          atMs: clock.now(),
        },
      ]);
      expect(await repository.eventsAfter(0, { owner: OWNER, limit: 1 })).toHaveLength(1);
    });

    test("events of everybody come in one order, when no owner is named", async () => {
      const before = await repository.lastSequence();
      const owners = [OWNER, `${OWNER}-2`, OWNER];
      for (const [at, owner] of owners.entries()) await announceOne(`everybody-${at}`, owner);
      const events = await repository.eventsAfter(before, { limit: 10 });
      expect(events.map(({ media }) => media.owner)).toEqual(owners);
      expect(events.map(({ sequence }) => sequence)).toEqual([before + 1, before + 2, before + 3]);
    });

    test("a reader who asks above what it has seen misses nothing while several write", async () => {
      const other = await open();
      const rows = await repository.announce(Array.from({ length: 120 }, (_, n) => picture(`p${n}`)));
      let writing = true;
      const read: number[] = [];
      const reader = (async () => {
        for (let last = 0, more = true; more; ) {
          more = writing;
          const events = await other.eventsAfter(last, { owner: OWNER, limit: 50 });
          read.push(...events.map(({ sequence }) => sequence));
          last = events.at(-1)?.sequence ?? last;
          if (events.length > 0) more = true;
        }
      })();
      const walk = async (row: MediaRow, via: MediaRepository) => {
        const uploaded = await step(row, "uploaded", via);
        const marking = await step(uploaded!, "marking", via);
        await step(marking!, "marked", via);
      };
      await Promise.all(rows.map(({ row }, n) => walk(row, n % 2 ? other : repository)));
      writing = false;
      await reader;
      expect(read).toHaveLength(4 * 120);
      expect(read).toEqual(read.toSorted((a, b) => a - b));
    });

    test("lists newest first in pages that stay as they are while new rows come", async () => {
      await repository.announce(Array.from({ length: 25 }, (_, n) => picture(`p${n}`)));
      await announceOne("foreign", "other");
      const names: string[] = [];
      let pageToken: string | null | undefined;
      do {
        const page = await repository.list({
          owner: OWNER,
          pageSize: 10,
          ...(pageToken ? { pageToken } : {}),
        });
        names.push(...page.rows.map(({ fileName }) => fileName));
        pageToken = page.nextPageToken;
        await announceOne(`late ${names.length}`);
      } while (pageToken);
      expect(names).toEqual(Array.from({ length: 25 }, (_, n) => `p${24 - n}.jpg`));
    });

    test("lists only the states asked for, and refuses foreign page tokens and sizes", async () => {
      const row = await announceOne("a");
      await announceOne("b");
      await step(row, "uploaded");
      const { rows, nextPageToken } = await repository.list({
        owner: OWNER,
        pageSize: 1,
        states: ["uploaded", "failed"],
      });
      expect(rows.map(({ fileName }) => fileName)).toEqual(["a.jpg"]);
      expect(nextPageToken).toBeNull();
      expect((await repository.list({ owner: OWNER, pageSize: 5, states: [] })).rows).toHaveLength(2);
      const refused = { code: "invalid_argument" };
      await expect(repository.list({ owner: OWNER, pageSize: 1, pageToken: "x" })).rejects.toMatchObject(
        refused,
      );
      await expect(repository.list({ owner: OWNER, pageSize: 0 })).rejects.toMatchObject(refused);
      await expect(repository.list({ owner: OWNER, pageSize: 1e6 })).rejects.toMatchObject(refused);
    });

    test("finds uploads that nothing happened to for long, longest first", async () => {
      const old = await announceOne("old");
      clock.jump(1_000);
      const done = await announceOne("done");
      const touched = await announceOne("touched");
      clock.jump(1_000);
      await step(done, "uploaded");
      await repository.change(touched.id, 1, { uploadId: "u" }, { event: "media.changed" });
      await announceOne("new");
      const stale = await repository.staleUploads(clock.now(), 10);
      expect(stale).toEqual([old]);
      expect((await repository.staleUploads(clock.now() + 0.5, 10)).length).toBe(1);
      expect((await repository.staleUploads(clock.now() + 1, 1)).map(({ id }) => id)).toEqual([old.id]);
      expect(await repository.staleUploads(clock.now() + 1, 10)).toHaveLength(3);
    });
  });
}
