// Draws the PNG icons from public/favicon.svg with Chromium. The PNGs are committed, since a build
// machine need not have a browser; run this after changing the mark.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "public");
const svg = readFileSync(join(folder, "favicon.svg"), "utf8");

// A maskable icon keeps its drawing within the inner 80%, on a ground that reaches the edges.
const maskable = svg
  .replace(/rx="[^"]*"/, 'rx="0"')
  .replace(/(<rect[^>]*>)([\s\S]*)(<\/svg>)/, '$1<g transform="translate(4 4) scale(0.75)">$2</g>$3');
const square = svg.replace(/rx="[^"]*"/, 'rx="0"');

const icons = [
  ["icon-32.png", 32, svg],
  ["icon-180.png", 180, square],
  ["icon-192.png", 192, svg],
  ["icon-512.png", 512, svg],
  ["icon-maskable-512.png", 512, maskable],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage();
for (const [name, size, source] of icons) {
  await page.setViewportSize({ width: size, height: size });
  const url = `data:image/svg+xml;base64,${Buffer.from(source).toString("base64")}`;
  await page.setContent(
    `<style>*{margin:0}img{display:block;width:${size}px;height:${size}px}</style><img src="${url}">`,
  );
  writeFileSync(join(folder, name), await page.screenshot({ omitBackground: true }));
  console.log(`public/${name}`);
}
await browser.close();
