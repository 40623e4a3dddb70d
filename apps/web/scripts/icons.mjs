// Draws the app's icons as pictures from `public/icons/folkshelf.svg`. Run it after the mark has changed; CHROMIUM names the browser.
import { readFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'

const icons = new URL('../public/icons/', import.meta.url)
const mark = await readFile(new URL('folkshelf.svg', icons), 'utf8')
const ground = '#faf6ef'

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
async function draw(name, size, { scale = 1, background = 'transparent' } = {}) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  const side = size * scale
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${background}">
       <div style="width:${side}px;height:${side}px">${mark}</div>
     </body>`,
  )
  const path = new URL(name, icons).pathname
  await page.screenshot({ path, omitBackground: background === 'transparent' })
  await page.close()
}

await draw('folkshelf-192.png', 192)
await draw('folkshelf-512.png', 512)
// Systems cut what they call maskable into shapes of their own: the mark keeps to the middle.
await draw('folkshelf-maskable-512.png', 512, { scale: 0.86, background: ground })
await browser.close()
