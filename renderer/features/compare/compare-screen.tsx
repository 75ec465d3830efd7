import "./compare.css";
import { useEffect, useState } from "react";
import { previewPath } from "#contracts/ipc.ts";
import { useText } from "../../app/messages/text.tsx";
import { usePictures, usePreferences, useServices } from "../../app/services.tsx";
import { useKeys } from "../../app/use-keys.ts";
import { IconButton, Notice, Segmented } from "../../ui/controls.tsx";
import { BACKGROUNDS, Swatches } from "../../ui/swatches.tsx";
import { Inspector } from "../inspector/inspector.tsx";
import { useRetry } from "../job/use-retry.ts";
import { Loupe } from "./loupe.tsx";

/** Original and marked picture together; walks through the list that was open. */
export function CompareScreen({ jobId }: { jobId: string }) {
  const { t, reason } = useText();
  const services = useServices();
  const { navigation, preferences } = services;
  const model = services.pictures(jobId);
  const { rows, selected, total, known } = usePictures(model, (state) => state);
  const { compareAs, loupe, inspector } = usePreferences((value) => value);
  const [zoom, setZoom] = useState<"fit" | "full">("fit");
  const retry = useRetry(jobId);
  const picture = rows.get(selected);

  useEffect(() => model.show(Math.max(0, selected - 2), selected + 3), [model, selected]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: neighbours matter when the place changes, not with every row.
  useEffect(() => {
    for (const index of [selected + 1, selected - 1]) {
      const next = rows.get(index);
      if (next?.state !== "marked") continue;
      for (const which of ["original", "marked"] as const) new Image().src = previewPath(next.id, which);
    }
  }, [selected]);

  const back = () => navigation.go({ name: "job", jobId });
  const step = (by: number) => model.select(selected + by);
  const flipZoom = () => setZoom((value) => (value === "fit" ? "full" : "fit"));
  useKeys({
    escape: back,
    c: back,
    arrowleft: () => step(-1),
    arrowright: () => step(1),
    arrowup: () => step(-1),
    arrowdown: () => step(1),
    home: () => step(-total),
    end: () => step(total),
    z: flipZoom,
    s: () => preferences.setState({ compareAs: compareAs === "side" ? "slider" : "side" }),
    b: () =>
      preferences.setState({ loupe: BACKGROUNDS[(BACKGROUNDS.indexOf(loupe) + 1) % BACKGROUNDS.length]! }),
    i: () => preferences.setState({ inspector: !inspector }),
    r: () => picture?.state === "failed" && retry.run([picture.id]),
  });

  return (
    <section className="content compare-screen" aria-label={t("compare.title")}>
      <div className="toolbar">
        <IconButton icon="back" label={t("compare.back")} onClick={back} />
        <span className="title truncate" title={picture?.file}>
          {picture?.file.slice(picture.file.lastIndexOf("/") + 1) ?? ""}
        </span>
        <span className="figures">{total > 0 && t("compare.position", selected + 1, total)}</span>
        <span className="spring" />
        <Segmented
          label={t("compare.mode")}
          value={compareAs}
          segments={[
            { value: "side", label: t("compare.side") },
            { value: "slider", label: t("compare.slider") },
          ]}
          onChange={(value) => preferences.setState({ compareAs: value })}
        />
        <Segmented
          label={t("compare.zoom")}
          value={zoom}
          segments={[
            { value: "fit", label: t("compare.fit") },
            { value: "full", label: t("compare.full"), hint: t("compare.full.hint") },
          ]}
          onChange={setZoom}
        />
        <Swatches
          label={t("compare.background")}
          name={(each) => t(`compare.background.${each}`)}
          value={loupe}
          onChange={(value) => preferences.setState({ loupe: value })}
        />
        <IconButton
          icon="previous"
          label={t("compare.previous")}
          disabled={selected <= 0}
          onClick={() => step(-1)}
        />
        <IconButton
          icon="next"
          label={t("compare.next")}
          disabled={selected >= total - 1}
          onClick={() => step(1)}
        />
        <IconButton
          icon="inspector"
          label={t("job.inspector")}
          aria-pressed={inspector}
          onClick={() => preferences.setState({ inspector: !inspector })}
        />
      </div>
      {retry.problem && <Notice bad>{reason(retry.problem)}</Notice>}
      <div className="compare-body">
        {picture ? (
          <Loupe picture={picture} as={compareAs} zoom={zoom} background={loupe} />
        ) : (
          <div className="list-empty" role="status">
            {t(known && total === 0 ? "job.empty.all" : "job.loading")}
          </div>
        )}
        {inspector && <Inspector picture={picture} retry={retry} thumbnail={false} />}
      </div>
    </section>
  );
}
