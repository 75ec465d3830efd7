import "./inspector.css";
import type { ReactNode } from "react";
import type { ItemView } from "#contracts/ipc.ts";
import type { ErrorBody } from "#kernel/errors.ts";
import { canRetry, hintFor } from "../../app/messages/reasons.ts";
import { useText } from "../../app/messages/text.tsx";
import { Button } from "../../ui/controls.tsx";
import { StateSign } from "../../ui/state-sign.tsx";
import { hasNoPixels, PictureThumb } from "../job/picture-thumb.tsx";
import type { Retry } from "../job/use-retry.ts";
import { CopyButton } from "./copy-button.tsx";

/** The facts of one picture, and what can be done when it failed. */
export function Inspector(props: {
  readonly picture: ItemView | undefined;
  readonly retry: Retry;
  /** @default true */
  readonly thumbnail?: boolean;
}) {
  const { picture, retry, thumbnail = true } = props;
  const { t, f } = useText();
  if (picture === undefined)
    return (
      <aside className="inspector" aria-label={t("inspector.title")}>
        <p className="quiet">{t("inspector.none")}</p>
      </aside>
    );
  const cut = picture.file.lastIndexOf("/");
  return (
    <aside className="inspector" aria-label={t("inspector.title")}>
      {thumbnail && !hasNoPixels(picture) && <PictureThumb picture={picture} />}
      {picture.state === "failed" && picture.reason && (
        <Trouble reason={picture.reason} traceId={picture.traceId} onRetry={() => retry.run([picture.id])} />
      )}
      <dl>
        <Fact name={t("inspector.file")}>{picture.file.slice(cut + 1)}</Fact>
        {cut > 0 && <Fact name={t("inspector.folder")}>{picture.file.slice(0, cut)}</Fact>}
        <Fact name={t("inspector.size")}>{f.bytes(picture.size)}</Fact>
        <Fact name={t("inspector.state")}>
          <StateSign state={picture.state} label={t(`state.${picture.state}`)} />
        </Fact>
        {picture.already && <Fact name={t("inspector.before")}>{t("state.already")}</Fact>}
        <Copyable name={t("inspector.original")} value={picture.objectKey} />
        <Copyable name={t("inspector.marked")} value={picture.markedKey} />
        <Copyable name={t("inspector.trace")} value={picture.traceId} />
      </dl>
    </aside>
  );
}

function Trouble(props: { reason: ErrorBody; traceId: string; onRetry: () => void }) {
  const { t, reason, language } = useText();
  const { code, message, details } = props.reason;
  const hint = hintFor(language, code);
  const technical = [
    code,
    message,
    ...Object.entries(details ?? {}).map(([name, value]) => `${name}: ${value}`),
    `trace ${props.traceId}`,
  ].join("\n");
  return (
    <div className="trouble">
      <p>{reason(props.reason)}</p>
      {hint !== null && <p className="quiet">{t(hint)}</p>}
      {canRetry(code) && (
        <Button icon="retry" onClick={props.onRetry}>
          {t("inspector.retry")}
        </Button>
      )}
      <details>
        <summary>{t("inspector.details")}</summary>
        <pre>{technical}</pre>
        <CopyButton what={t("inspector.details")} value={technical} />
      </details>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Copyable({ name, value }: { name: string; value: string | null }) {
  const { t } = useText();
  return (
    <Fact name={name}>
      {value === null ? (
        <span className="quiet">{t("inspector.notYet")}</span>
      ) : (
        <span className="copyable">
          <code>{value}</code>
          <CopyButton what={name} value={value} />
        </span>
      )}
    </Fact>
  );
}
