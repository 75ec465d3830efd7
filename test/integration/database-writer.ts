import { createHash, randomUUID } from "node:crypto";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlMediaRepository } from "../../server/adapters/sql/media-repository.ts";
import { createSqlQueue } from "../../server/adapters/sql/queue.ts";

/**
 * A process that writes until it is killed, and prints one line for each thing that the database has confirmed:
 * `row ID VERSION` or `job KEY`. Arguments: the SQLite file, and a name for what it writes.
 */
const [path, name] = process.argv.slice(2);
const database = await openDatabase({ kind: "sqlite", path: path! });
const repository = createSqlMediaRepository(database, { clock: systemClock, random: systemRandom });
const queue = createSqlQueue(database, { clock: systemClock, random: systemRandom, name: "mark" });

async function writePicture(number: number): Promise<void> {
  const fileName = `${name} ${number}`;
  const [answer] = await repository.announce([
    {
      id: randomUUID(),
      owner: "studio",
      fileName,
      size: 1,
      contentType: "image/jpeg",
      sha256: createHash("sha256").update(fileName).digest("hex"),
      bucket: "b",
      objectKey: fileName,
      traceId: "t",
      markSpec: "{}",
    },
  ]);
  const { id } = answer!.row;
  process.stdout.write(`row ${id} 1\n`);
  const then = { event: "media.uploaded", job: { key: id, payload: { id } } };
  await repository.change(id, 1, { state: "uploaded" }, then);
  process.stdout.write(`row ${id} 2\n`);
  await queue.enqueue(`${name}/${number}`, { id });
  process.stdout.write(`job ${name}/${number}\n`);
}

for (let number = 0; ; number += 4)
  await Promise.all([0, 1, 2, 3].map((offset) => writePicture(number + offset)));
