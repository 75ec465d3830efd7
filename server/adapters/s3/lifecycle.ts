/** One rule of the bucket's lifecycle (spec.md S1). */
export interface LifecycleRule {
  /** For people. */
  readonly meaning: string;
  readonly xml: string;
  /** Text that a server's answer contains when, and only when, it holds the rule. */
  readonly proof: string;
}

export const LIFECYCLE_RULES: readonly LifecycleRule[] = [
  rule(
    "platemark-noncurrent",
    "At most 100 older versions of an object are kept.",
    "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>100</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
    "<NewerNoncurrentVersions>100</NewerNoncurrentVersions>",
  ),
  rule(
    "platemark-abort",
    "Uploads that nobody finished are dropped after 7 days.",
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
    "<DaysAfterInitiation>7</DaysAfterInitiation>",
  ),
  rule(
    "platemark-transition",
    "Originals move to cheaper storage after 30 days.",
    "<Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>",
    "<StorageClass>STANDARD_IA</StorageClass>",
    "raw/",
  ),
];

function rule(id: string, meaning: string, action: string, proof: string, prefix = ""): LifecycleRule {
  const xml = `<Rule><ID>${id}</ID><Filter><Prefix>${prefix}</Prefix></Filter><Status>Enabled</Status>${action}</Rule>`;
  return { meaning, xml, proof };
}

/** The `<Rule>` elements of a lifecycle document, as they stand, so that rules of others survive a change. Pure. */
export function rulesIn(xml: string): readonly string[] {
  return xml.match(/<Rule>[\s\S]*?<\/Rule>/g) ?? [];
}

export function lifecycleXml(rules: readonly string[]): string {
  return `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join("")}</LifecycleConfiguration>`;
}
