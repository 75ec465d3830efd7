import "./import.css";
import { useState } from "react";
import { useStore } from "zustand";
import { useText } from "../../app/messages/text.tsx";
import { useServices } from "../../app/services.tsx";
import { Notice } from "../../ui/controls.tsx";
import { DropTarget } from "./drop-target.tsx";
import { FolderBrowser } from "./folder-browser.tsx";
import { MarkPanel } from "./mark-panel.tsx";

/** The first screen: where the pictures come from, and the mark they get. */
export function ImportScreen() {
  const { t, reason } = useText();
  const { importing, navigation, connection } = useServices();
  const info = useStore(connection, (state) => state.info);
  const problem = useStore(importing.store, (state) => state.problem);
  const [browsing, setBrowsing] = useState(false);
  const follow = (started: Promise<string | null>) =>
    void started.then((jobId) => jobId !== null && navigation.go({ name: "job", jobId }));

  return (
    <div className="content import-screen">
      <div className="page">
        <header className="lead">
          <h1>{t("import.title")}</h1>
          <p>
            {t("import.lead")}{" "}
            {info &&
              (info.storeUrl === null ? t("import.store.here") : t("import.store.there", info.storeUrl))}
          </p>
        </header>
        <div>
          <DropTarget
            onChoose={() =>
              info?.shell === "desktop" ? follow(importing.chooseFolder()) : setBrowsing(true)
            }
            onSamples={() => follow(importing.importSamples())}
            onDrop={(read) => follow(importing.importDropped(read))}
          />
          {problem !== null && (
            <Notice bad>
              {problem === "dropEmpty"
                ? t("import.dropEmpty")
                : problem === "markEmpty"
                  ? t("mark.text.empty")
                  : reason(problem)}
            </Notice>
          )}
        </div>
        <MarkPanel />
      </div>
      {browsing && (
        <FolderBrowser
          onClose={() => setBrowsing(false)}
          onChoose={(path) => {
            setBrowsing(false);
            follow(importing.importFolder(path));
          }}
        />
      )}
    </div>
  );
}
