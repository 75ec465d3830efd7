import { parseQuery } from "../sigv4/uri-encoding.ts";
import { LIMITS } from "./limits.ts";
import { S3Error } from "./s3-error.ts";
import type { Tag } from "./stored-object.ts";
import { child, childrenNamed, childText, malformed, parseXml } from "./xml-reader.ts";

/** The `x-amz-tagging` header, `a=1&b=2`. @throws S3Error `InvalidTag`. */
export function parseTagHeader(header: string | undefined): readonly Tag[] {
  if (header === undefined) return [];
  try {
    return checkTags(parseQuery(header));
  } catch (cause) {
    if (cause instanceof S3Error) throw cause;
    throw new S3Error("InvalidTag", { cause });
  }
}

/** The body of PutObjectTagging. @throws S3Error `MalformedXML`, `InvalidTag`. */
export function parseTagging(source: string): readonly Tag[] {
  const set = child(parseXml(source, "Tagging"), "TagSet");
  if (!set) throw malformed("A TagSet is expected.");
  return checkTags(
    childrenNamed(set, "Tag").map((tag) => {
      const key = childText(tag, "Key");
      if (key === undefined) throw malformed("A Tag needs a Key.");
      return [key, childText(tag, "Value") ?? ""] as const;
    }),
  );
}

function checkTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > LIMITS.tags)
    throw new S3Error("InvalidTag", { message: `Object tags cannot be greater than ${LIMITS.tags}` });
  if (new Set(tags.map(([key]) => key)).size !== tags.length)
    throw new S3Error("InvalidTag", { message: "Cannot provide multiple Tags with the same key" });
  for (const [key, value] of tags)
    if (key === "" || key.length > LIMITS.tagKeyChars || value.length > LIMITS.tagValueChars)
      throw new S3Error("InvalidTag");
  return tags;
}
