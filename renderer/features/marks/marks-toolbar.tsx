import { useState } from "react";
import { useStore } from "zustand";
import { templateNameSchema } from "#contracts/ipc.ts";
import { useText } from "../../app/messages/text.tsx";
import { Button, IconButton, Notice } from "../../ui/controls.tsx";
import { isUnsaved, type MarksModel } from "./marks-store.ts";

/** Which template, its name, and what can be done with it. */
export function MarksToolbar({ model }: { model: MarksModel }) {
  const { t } = useText();
  const { templates, draft, unsaved, busy } = useStore(model.store);
  const [asking, setAsking] = useState(false);
  const names = (templates ?? []).map(({ name }) => name);
  const listed = [...new Set([...names, ...unsaved, ...(draft ? [draft.name] : [])])].sort();
  const isNamed = draft !== null && templateNameSchema.safeParse(draft.name).success;
  const isChanged = draft !== null && isUnsaved(draft);
  return (
    <>
      <div className="toolbar">
        <select
          className="text-field"
          aria-label={t("marks.list")}
          value={draft?.name ?? ""}
          onChange={(event) => void model.open(event.target.value)}
        >
          {listed.map((name) => (
            <option key={name} value={name}>
              {unsaved.has(name) ? t("marks.unsaved.of", name) : name}
            </option>
          ))}
        </select>
        {draft?.saved === null && (
          <input
            className="text-field name-field"
            aria-label={t("marks.name")}
            aria-invalid={!isNamed}
            value={draft.name}
            onChange={(event) => model.rename(event.target.value)}
          />
        )}
        <IconButton icon="add" label={t("marks.new")} onClick={() => model.create()} />
        <span className="spring" />
        <span className="figures" role="status">
          {draft && t(isChanged ? "marks.unsaved" : "marks.saved")}
        </span>
        <IconButton
          icon="retry"
          label={t("marks.revert")}
          disabled={!isChanged || busy}
          onClick={() => void model.revert()}
        />
        <IconButton
          icon="remove"
          label={t("marks.remove")}
          disabled={!draft || busy}
          onClick={() => setAsking(true)}
        />
        <Button onClick={() => model.format()} disabled={!draft}>
          {t("marks.format")}
        </Button>
        <Button look="primary" disabled={!isChanged || !isNamed || busy} onClick={() => void model.save()}>
          {t("marks.save")}
        </Button>
      </div>
      {asking && draft && (
        <Notice
          action={
            <span className="ways">
              <Button size="small" onClick={() => setAsking(false)}>
                {t("action.cancel")}
              </Button>
              <Button
                size="small"
                onClick={() => {
                  setAsking(false);
                  void model.remove();
                }}
              >
                {t("marks.remove")}
              </Button>
            </span>
          }
        >
          {t("marks.remove.sure", draft.name)}
        </Notice>
      )}
    </>
  );
}
