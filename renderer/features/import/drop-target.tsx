import { type DragEvent, useState } from "react";
import { useStore } from "zustand";
import type { DroppedFile } from "#contracts/ipc.ts";
import { useText } from "../../app/messages/text.tsx";
import { useServices } from "../../app/services.tsx";
import { Button, ProgressBar } from "../../ui/controls.tsx";
import { Icon } from "../../ui/icons.tsx";
import { takeDropped } from "./dropped-things.ts";

export interface DropTargetProps {
  readonly onChoose: () => void;
  readonly onSamples: () => void;
  readonly onDrop: (read: () => Promise<readonly DroppedFile[]>) => void;
}

export function DropTarget({ onChoose, onSamples, onDrop }: DropTargetProps) {
  const { t } = useText();
  const { importing, client } = useServices();
  const activity = useStore(importing.store, (state) => state.activity);
  const [over, setOver] = useState(false);
  const idle = activity.name === "idle";
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (idle) onDrop(takeDropped(event.dataTransfer, client.drops));
  };
  return (
    <section
      className={`drop-target ${over ? "over" : ""}`}
      aria-label={t("import.drop")}
      onDragEnter={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragOver={(event) => {
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={drop}
    >
      <Icon name="drop" size={32} />
      {idle ? (
        <>
          <h2>{t(over ? "import.drop.now" : "import.drop")}</h2>
          <div className="ways">
            <Button look="primary" size="large" icon="folder" onClick={onChoose}>
              {t("import.choose")}
            </Button>
            <Button size="large" onClick={onSamples}>
              {t("import.samples")}
            </Button>
          </div>
          <p className="small">{t("import.formats")}</p>
        </>
      ) : (
        <div className="handing" role="status">
          <p>
            {activity.name === "handing"
              ? t("import.handing", activity.done, activity.total)
              : t(`import.${activity.name}`)}
          </p>
          <ProgressBar
            label={t("job.progress")}
            ratio={activity.name === "handing" ? activity.done / activity.total : null}
          />
          {activity.name === "handing" && (
            <div>
              <Button onClick={() => importing.cancel()}>{t("action.cancel")}</Button>
            </div>
          )}
        </div>
      )}
    </section>
  );
}
