import { createHash } from "node:crypto";
import { AppError } from "#kernel/errors.ts";
import type { StoreSetupStep } from "../../services/ports/object-store.ts";
import { probeConditionalWrites } from "./conditional-writes.ts";
import { LIFECYCLE_RULES, type LifecycleRule, lifecycleXml, rulesIn } from "./lifecycle.ts";
import type { S3Client } from "./s3-client.ts";
import { parseXml } from "./s3-xml.ts";

const PUBLIC_PREFIX = "watermarked/";
const POLICY_SID = "PlatemarkPublishedRead";

/** Makes what Platemark needs of a bucket (spec.md S1); run again, it finds it present. What the server does not
 *  offer is reported, not thrown. @throws AppError `store.unreachable`; `store.refused` for wrong keys or no bucket. */
export async function prepareBucket(
  client: S3Client,
  target: { readonly bucket: string; readonly region: string; readonly signal: AbortSignal | undefined },
): Promise<readonly StoreSetupStep[]> {
  const bucket = await ensureBucket(client, target);
  return [
    bucket,
    await reported("policy", () => ensurePolicy(client, target)),
    await reported("conditions", () => probeConditionalWrites(client, target.signal)),
    ...(await ensureLifecycle(client, target.signal)),
  ];
}

async function ensureBucket(
  client: S3Client,
  target: { readonly bucket: string; readonly region: string; readonly signal: AbortSignal | undefined },
): Promise<StoreSetupStep> {
  const { bucket, region, signal } = target;
  try {
    const answer = await client.sendForText({
      operation: "GetBucketLocation",
      method: "GET",
      query: { location: "" },
      signal,
    });
    // A console or another web server answers as friendly, with something else.
    if (!("LocationConstraint" in parseXml(answer)))
      throw new AppError(
        "store.refused",
        "What answers is no S3 store; check PLATEMARK_S3_URL and its port.",
      );
    return { step: "bucket", outcome: "present", message: `The bucket ${bucket} is there.` };
  } catch (error) {
    const s3Code = error instanceof AppError ? error.details.s3Code : undefined;
    if (s3Code === "AccessDenied")
      return {
        step: "bucket",
        outcome: "refused",
        message: `These keys may not look at the bucket ${bucket}; it is taken to be there.`,
      };
    if (s3Code !== "NoSuchBucket") throw error;
  }
  const constraint =
    region === "us-east-1"
      ? undefined
      : Buffer.from(
          `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`,
        );
  try {
    await client.sendForText({
      operation: "CreateBucket",
      method: "PUT",
      ...(constraint ? { body: constraint } : {}),
      signal,
    });
  } catch (error) {
    // Another process of ours was faster.
    if (!(error instanceof AppError) || error.details.s3Code !== "BucketAlreadyOwnedByYou") throw error;
    return { step: "bucket", outcome: "present", message: `The bucket ${bucket} is there.` };
  }
  return { step: "bucket", outcome: "made", message: `The bucket ${bucket} was made.` };
}

interface PolicyDocument {
  Version?: string;
  Statement?: unknown[];
}

function parsePolicy(text: string): PolicyDocument {
  try {
    return JSON.parse(text) as PolicyDocument;
  } catch (cause) {
    const details = { s3Code: "MalformedPolicy" };
    throw new AppError("store.refused", "The bucket's policy cannot be read.", { details, cause });
  }
}

async function ensurePolicy(
  client: S3Client,
  { bucket, signal }: { readonly bucket: string; readonly signal: AbortSignal | undefined },
): Promise<StoreSetupStep> {
  const statement = {
    Sid: POLICY_SID,
    Effect: "Allow",
    Principal: { AWS: ["*"] },
    Action: ["s3:GetObject"],
    Resource: [`arn:aws:s3:::${bucket}/${PUBLIC_PREFIX}*`],
  };
  let document: PolicyDocument = {};
  try {
    const answer = await client.sendForText({
      operation: "GetBucketPolicy",
      method: "GET",
      query: { policy: "" },
      signal,
    });
    document = parsePolicy(answer);
  } catch (error) {
    if (!(error instanceof AppError) || error.details.s3Code !== "NoSuchBucketPolicy") throw error;
  }
  const statements = Array.isArray(document.Statement) ? document.Statement : [];
  if (statements.some((other) => (other as { Sid?: unknown }).Sid === POLICY_SID))
    return { step: "policy", outcome: "present", message: `Anybody may read ${PUBLIC_PREFIX}.` };
  await client.sendForText({
    operation: "PutBucketPolicy",
    method: "PUT",
    query: { policy: "" },
    headers: { "content-type": "application/json" },
    body: Buffer.from(
      JSON.stringify({ Version: document.Version ?? "2012-10-17", Statement: [...statements, statement] }),
    ),
    signal,
  });
  return { step: "policy", outcome: "made", message: `Anybody may read ${PUBLIC_PREFIX}, nothing else.` };
}

/** Rule by rule, because a server refuses the whole document for one rule it does not know, or drops a rule and says
 *  nothing (MinIO with the abort rule): what it holds afterwards counts. Rules of others are kept. */
async function ensureLifecycle(
  client: S3Client,
  signal: AbortSignal | undefined,
): Promise<readonly StoreSetupStep[]> {
  const steps: StoreSetupStep[] = [];
  for (const rule of LIFECYCLE_RULES)
    steps.push(await reported("lifecycle", () => ensureRule(client, rule, signal), rule.meaning));
  return steps;
}

async function ensureRule(
  client: S3Client,
  rule: LifecycleRule,
  signal: AbortSignal | undefined,
): Promise<StoreSetupStep> {
  const held = await heldRules(client, signal);
  const holds = (rules: readonly string[]) => rules.some((xml) => xml.includes(rule.proof));
  if (holds(held)) return { step: "lifecycle", outcome: "present", message: rule.meaning };
  const body = Buffer.from(lifecycleXml([...held, rule.xml]));
  await client.sendForText({
    operation: "PutBucketLifecycleConfiguration",
    method: "PUT",
    query: { lifecycle: "" },
    headers: {
      "content-type": "application/xml",
      "content-md5": createHash("md5").update(body).digest("base64"),
    },
    body,
    signal,
  });
  if (holds(await heldRules(client, signal)))
    return { step: "lifecycle", outcome: "made", message: rule.meaning };
  return {
    step: "lifecycle",
    outcome: "refused",
    message: `${rule.meaning} The server took the rule and dropped it.`,
  };
}

async function heldRules(client: S3Client, signal: AbortSignal | undefined): Promise<readonly string[]> {
  try {
    const answer = await client.sendForText({
      operation: "GetBucketLifecycleConfiguration",
      method: "GET",
      query: { lifecycle: "" },
      signal,
    });
    return rulesIn(answer);
  } catch (error) {
    if (error instanceof AppError && error.details.s3Code === "NoSuchLifecycleConfiguration") return [];
    throw error;
  }
}

async function reported(
  step: StoreSetupStep["step"],
  act: () => Promise<StoreSetupStep>,
  meaning = "",
): Promise<StoreSetupStep> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof AppError) || error.retry !== "never" || typeof error.details.s3Code !== "string")
      throw error;
    const message =
      `${meaning} The server refuses this (${error.details.s3Code || error.details.status}).`.trim();
    return { step, outcome: "refused", message };
  }
}
