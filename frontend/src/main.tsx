/** Draws the application into the page. */
import { render } from "preact";

const root = document.getElementById("app");
if (root) render(<p>Consult</p>, root);
