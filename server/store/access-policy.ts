import { S3Error } from "./s3-error.ts";

/** What a request does, in the words of bucket policies. */
export type PolicyAction = `s3:${string}`;

interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly RegExp[];
  readonly resources: readonly RegExp[];
}

/** A bucket policy as far as it concerns requests without a signature: who has a key may do everything. */
export class AccessPolicy {
  readonly #statements: readonly Statement[];

  private constructor(statements: readonly Statement[]) {
    this.#statements = statements;
  }

  /**
   * Understands principals `*`, actions and resources with wildcards; conditions, `Not…` elements and other
   * principals are refused rather than misread.
   * @throws S3Error `MalformedPolicy`.
   */
  static parse(source: string, bucketName: string): AccessPolicy {
    let policy: unknown;
    try {
      policy = JSON.parse(source);
    } catch (cause) {
      throw malformed(cause instanceof Error ? cause.message : "It is not JSON.");
    }
    if (!isObject(policy)) throw malformed("It must be a JSON object.");
    if (policy.Version !== "2012-10-17" && policy.Version !== "2008-10-17")
      throw malformed("invalid version");
    const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
    return new AccessPolicy(statements.map((statement) => parseStatement(statement, bucketName)));
  }

  /** `resource`: `bucket` or `bucket/key`. */
  allows(action: PolicyAction, resource: string): boolean {
    const arn = `arn:aws:s3:::${resource}`;
    const applying = this.#statements.filter(
      (statement) =>
        statement.actions.some((pattern) => pattern.test(action)) &&
        statement.resources.some((pattern) => pattern.test(arn)),
    );
    return applying.length > 0 && applying.every((statement) => statement.effect === "Allow");
  }
}

const KNOWN = new Set(["Sid", "Effect", "Principal", "Action", "Resource"]);

function parseStatement(statement: unknown, bucketName: string): Statement {
  if (!isObject(statement)) throw malformed("A Statement must be an object.");
  for (const name of Object.keys(statement))
    if (!KNOWN.has(name)) throw malformed(`This store does not know the element ${name} in a Statement.`);
  const { Effect: effect, Principal: principal } = statement;
  if (effect !== "Allow" && effect !== "Deny") throw malformed(`invalid Effect ${String(effect)}`);
  const named = isObject(principal) ? principal.AWS : principal;
  if (!texts(named).every((who) => who === "*" || who === "arn:aws:iam::*:root") || texts(named).length === 0)
    throw malformed('This store only knows the Principal "*".');
  const actions = texts(statement.Action);
  const resources = texts(statement.Resource);
  if (actions.length === 0 || !actions.every((action) => action === "*" || action.startsWith("s3:")))
    throw malformed("An Action must begin with s3:.");
  for (const resource of resources)
    if (resource.replace(/^arn:aws:s3:::/, "").split("/")[0] !== bucketName || !resource.startsWith("arn:"))
      throw malformed("Policy has invalid resource.");
  if (resources.length === 0) throw malformed("Policy has invalid resource.");
  return { effect, actions: actions.map(wildcard), resources: resources.map(wildcard) };
}

function texts(value: unknown): string[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  if (!list.every((item) => typeof item === "string")) throw malformed("Texts are expected.");
  return list;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Runs of `*` count as one, so that no pattern backtracks for long. */
function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, "[^]*")
    .replaceAll("?", "[^]");
  return new RegExp(`^${source}$`);
}

function malformed(message: string): S3Error {
  return new S3Error("MalformedPolicy", { message });
}
