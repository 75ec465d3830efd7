import type { CoreClient, DroppedFile } from "#contracts/ipc.ts";
import { isTemporaryName } from "#contracts/picture-types.ts";

/** What a drop holds, taken out while the event lasts: entries become unreadable once its handler has returned. */
export function takeDropped(transfer: DataTransfer, kind: CoreClient["drops"]): () => Promise<DroppedFile[]> {
  if (kind === "paths") {
    const files = [...transfer.files].map((file) => ({ file, relativePath: file.name }));
    return async () => files;
  }
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry): entry is FileSystemEntry => entry !== null);
  return async () => {
    const files: DroppedFile[] = [];
    for (const entry of entries) await collect(entry, files);
    return files;
  };
}

async function collect(entry: FileSystemEntry, into: DroppedFile[]): Promise<void> {
  if (isTemporaryName(entry.name)) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    into.push({ file, relativePath: entry.fullPath.replace(/^\/+/, "") });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a folder in batches; an empty one is the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return;
    for (const child of batch) await collect(child, into);
  }
}
