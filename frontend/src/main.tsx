/** Draws the application into the page. */
import { render } from "preact";
import { startDevice } from "./device/start";
import { startRouter } from "./router";
import { start } from "./store";
import { App } from "./views/App";
import { applyTheme } from "./views/prefs";
import "./styles/index.css";

applyTheme();
startRouter();
start();
const root = document.getElementById("app");
if (root) render(<App />, root);
startDevice();
