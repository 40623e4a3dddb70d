import { defineConfig } from '@playwright/test'

export default defineConfig({
  globalSetup: './host.ts',
  outputDir: './results',
  reporter: [['list']],
  // One host serves all of them, and each of them waits more than it works.
  workers: 3,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  // A machine with other work can make a browser miss a bound. What passes only now is listed as flaky, to be looked at.
  retries: 1,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  use: {
    actionTimeout: 10_000,
    navigationTimeout: 20_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      // Named by scripts/web.
      executablePath: process.env.FOLKSHELF_E2E_BROWSER ?? 'chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-dev-shm-usage',
        '--no-default-browser-check',
      ],
    },
  },
  projects: [
    { name: 'flows', testMatch: '*.spec.ts' },
    { name: 'slow-phone', testMatch: 'slow-phone.ts', workers: 1 },
  ],
})
