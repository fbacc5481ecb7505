// Opens pages that `wpc bundle show --html` wrote in headless Chromium, uses them by keyboard, and looks for
// anything that left the page: node look.js FOLDER PAGE…
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [folder, ...pages] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

for (const page of pages) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const tab = await context.newPage();
  const left = [];
  const said = [];
  tab.on("request", (request) => left.push(request.url()));
  tab.on("console", (message) => said.push(message.text()));
  tab.on("pageerror", (error) => said.push(String(error)));
  tab.on("dialog", (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  const url = /^https?:/.test(page) ? page : pathToFileURL(page).href;
  await tab.goto(url);
  await tab.waitForSelector("html[data-ready]");
  const ready = await tab.evaluate(() => Number(document.documentElement.dataset.ready));
  const entries = await tab.evaluate(() => JSON.parse(document.getElementById("timeline").querySelector(".row").ariaSetSize));

  // By keyboard alone: the list, its end, the entry, the filter.
  await tab.focus("#timeline");
  await tab.keyboard.press("End");
  const last = await tab.textContent("#entry h3");
  assert.match(last, new RegExp(`^Entry ${entries - 1}: `));
  assert.equal(await tab.evaluate(() => document.activeElement.id), "timeline");
  await tab.keyboard.press("Home");
  await tab.keyboard.press("ArrowDown");
  assert.match(await tab.textContent("#entry h3"), /^Entry 1: /);
  await tab.keyboard.press("Enter");
  assert.equal(await tab.evaluate(() => document.activeElement.id), "entry");
  await tab.keyboard.press("/");
  await tab.keyboard.type("outcome");
  const shown = await tab.textContent("#shown");
  assert.match(shown, /^\d+ of \d+ entries$/);
  await tab.click("button[type=reset]");
  await tab.waitForFunction((all) => document.getElementById("shown").textContent === `${all} of ${all} entries`, entries);
  await tab.selectOption("#f-what", "deny");
  for (const row of await tab.locator(".row").all()) assert.match(await row.textContent(), /denied|refused|not recorded/);
  await tab.selectOption("#f-what", "");

  // What the page checks again. A broken copy is told by its name.
  await tab.waitForSelector("html[data-repeated]", { timeout: 120_000 });
  const wrong = await tab.evaluate(() => Number(document.documentElement.dataset.repeated));
  const broken = basename(page).startsWith("broken");
  assert.equal(wrong > 0, broken, await tab.textContent("#repeated"));
  if (broken) assert.match(await tab.textContent("#verdict"), /refused by this browser/);

  // Nothing that a bundle says is obeyed, nothing is loaded, nothing is said to the console.
  assert.deepEqual(left, [url], "a request left the page");
  assert.deepEqual(said, [], "the page said something");
  assert.equal(await tab.locator("main img, main iframe, main b, main a:not(.skip)").count(), 0, "markup of a bundle");
  assert.equal(await tab.evaluate(() => globalThis.attacked), undefined);

  for (const colorScheme of ["light", "dark"]) {
    await tab.emulateMedia({ colorScheme });
    await tab.screenshot({ path: join(folder, `${basename(page).replace(/\W/g, "-").slice(0, 60)}-${colorScheme}.png`), fullPage: true });
  }
  console.log(`${basename(page)}: ${entries} entries, interactive after ${ready} ms, ${broken ? "broken, and said so" : "checked again"}`);
  await context.close();
}
await browser.close();
