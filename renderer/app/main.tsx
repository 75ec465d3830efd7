import "./without-eval.ts";
import "../ui/fonts.css";
import "../ui/tokens.css";
import "../ui/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { createBridgeClient } from "./bridge-client.ts";
import { HttpClient } from "./http-client.ts";
import { systemLanguage } from "./messages/text.tsx";
import { createNavigation } from "./navigation-store.ts";
import { createPreferencesStore } from "./preferences-store.ts";
import { createServices, ServicesProvider } from "./services.tsx";
import { Shell } from "./shell.tsx";

const http =
  window.platemark === undefined
    ? new HttpClient(
        {
          fetch: (input, init) => fetch(input, init),
          openEvents: (url) => new EventSource(url),
          clock: systemClock,
          random: systemRandom,
        },
        { baseUrl: new URL(".", document.baseURI).href },
      )
    : null;
const services = createServices({
  client: http ?? createBridgeClient(window.platemark!),
  clock: systemClock,
  navigation: createNavigation(window),
  preferences: createPreferencesStore(localStorage, systemLanguage(navigator.languages)),
});
http?.start(() => services.connection.setState({ state: "ended" }));

const root = document.getElementById("window");
if (root === null) throw new Error("index.html has no element with the id “window”.");
createRoot(root).render(
  <StrictMode>
    <ServicesProvider services={services}>
      <Shell />
    </ServicesProvider>
  </StrictMode>,
);
