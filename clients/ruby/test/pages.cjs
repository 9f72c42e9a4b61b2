// Opens pages in Chromium and prints, as one JSON line each, what they show: node pages.cjs URL...
const { createRequire } = require('node:module');
const { chromium } = createRequire(`${__dirname}/../../js/package.json`)('playwright-core');

const TIME = /^\d\d:\d\d:\d\d$/;

/** What the page shows once the time has changed. */
async function shown(browser, url) {
  const page = await browser.newPage();
  await page.goto(url);
  const text = (id) => page.locator(`#${id}`).textContent();
  const changed = async (from) => {
    for (const until = Date.now() + 10_000; Date.now() < until; ) {
      const message = await text('message');
      if (TIME.test(message) && message !== from) return message;
      await page.waitForTimeout(50);
    }
    return undefined;
  };
  const first = await changed();
  const second = await changed(first);
  return { url, status: await text('status'), first, second };
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const pages = await Promise.all(process.argv.slice(2).map((url) => shown(browser, url)));
  for (const page of pages) console.log(JSON.stringify(page));
  await browser.close();
})();
