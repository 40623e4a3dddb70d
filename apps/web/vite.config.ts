import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { VitePWA } from 'vite-plugin-pwa'
import type { Plugin, Rolldown } from 'vite'
import { defineConfig } from 'vitest/config'

const host = process.env.FOLKSHELF_HOST ?? 'http://localhost:3000'

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))
/** Draws the first look, then starts the app. */
const firstLook = gathering(
  source('app/start.tsx'),
  /\/react\/(?:jsx-runtime|cjs\/react-jsx-runtime)|^\0(?:rolldown\/runtime|vite\/preload-helper)/,
)
const app = gathering(source('app/main.tsx'))
const libraries =
  /node_modules\/(react|react-dom|scheduler|react-router|@tanstack|i18next|react-i18next|openapi-fetch)\/(?!.*\/Trans)/

/**
 * Each file is a trip over a slow line: what draws the first look is in one, what else the first page needs is in one, the
 * libraries beside it because they change less often.
 */
const firstLoad: Rolldown.CodeSplittingNameFunction = (id, build) => {
  if (firstLook(id, build)) return 'start'
  // Visitors send no commands.
  if (/\/@tanstack\/.*\/(?:useMutation|mutationObserver)\.js$/.test(id)) return 'commands'
  if (libraries.test(id)) return 'vendor'
  return app(id, build) ? 'app' : null
}

/**
 * The first load uses what the index of such a feature says of its lazy pages, and nothing that it exports from another
 * file. Only the catalogue is part of the first load.
 */
const LAZY_FEATURE = /\/src\/features\/(?!catalogue\/)\w+\/index\.ts$/

const FIRST_FILES = /^assets\/(?:start|app|vendor|rolldown-runtime)-/

type Build = Parameters<Rolldown.CodeSplittingNameFunction>[1]

/** Whether a module is needed by `entry` without a further trip. */
function gathering(entry: string, also?: RegExp): (id: string, build: Build) => boolean {
  const modules = new Set<string>()
  const icons = new Set<string>()
  const gather = (id: string, build: Build): void => {
    const module = id.includes('node_modules') || modules.has(id) ? null : build.getModuleInfo(id)
    if (!module) return
    modules.add(id)
    if (!LAZY_FEATURE.test(id)) module.importedIds.forEach((imported) => gather(imported, build))
    // Icons come through one door that leads to all of them: their names say which are meant.
    for (const [, names] of module.code?.matchAll(/import\s*\{([^}]*)\}\s*from\s*["']lucide["']/g) ?? [])
      for (const name of names?.split(',') ?? []) icons.add(name.split(' as ')[0]!.trim().toLowerCase())
  }
  return (id, build) => {
    if (modules.size === 0) gather(entry, build)
    const icon = /\/lucide\/dist\/esm\/icons\/(.+)\.m?js$/.exec(id)?.[1]
    return icon ? icons.has(icon.replaceAll('-', '')) : modules.has(id) || Boolean(also?.test(id))
  }
}

/**
 * All of the first load comes at once, the first look and its words before the app. Which language it will be only the
 * browser knows, and they are small.
 */
const preloadFirst: Plugin = {
  name: 'preload-first',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle = {} }) {
      const files = Object.values(bundle).filter((file) => file.type === 'chunk')
      const words = files.filter(({ facadeModuleId }) => /\/i18n\/first\/\w+\.ts$/.test(facadeModuleId ?? ''))
      const parts = files.filter(({ name }) => ['main', 'app', 'vendor'].includes(name))
      return [...words, ...parts].map(({ fileName }) => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `/${fileName}` },
        injectTo: 'head',
      }))
    },
  },
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@\//, replacement: source('') },
      // Its package names the build with the warnings for developers.
      {
        find: /^react-router$/,
        replacement: fileURLToPath(new URL('./node_modules/react-router/dist/production/index.mjs', import.meta.url)),
      },
      // React has it by itself.
      { find: /^use-sync-external-store\/shim(?:\/index\.js)?$/, replacement: 'react' },
    ],
  },
  plugins: [
    react(),
    tailwindcss(),
    preloadFirst,
    VitePWA({
      registerType: 'prompt',
      injectRegister: false,
      manifest: {
        name: 'Folkshelf',
        short_name: 'Folkshelf',
        description: 'Share the books your neighbourhood owns',
        start_url: '/',
        display: 'standalone',
        background_color: '#faf6ef',
        theme_color: '#faf6ef',
        icons: [
          { src: '/icons/folkshelf.svg', sizes: 'any', type: 'image/svg+xml' },
          { src: '/icons/folkshelf-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icons/folkshelf-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/icons/folkshelf-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
      workbox: {
        // The code of the app, never what it shows.
        // Of fonts what every page needs; the letters of other scripts come when they are shown.
        globPatterns: ['index.html', 'theme.js', 'assets/*.{js,css}', 'assets/*-latin-wght-*.woff2'],
        navigateFallback: '/index.html',
        navigateFallbackDenylist: [/^\/\.well-known/, /^\/api/, /^\/health/, /^\/metrics/],
        cleanupOutdatedCaches: true,
      },
    }),
  ],
  build: {
    manifest: true,
    sourcemap: false,
    // A lazy part lists the files to fetch with it: those of the first load are there already.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_file, needed) => needed.filter((file) => !FIRST_FILES.test(file)),
    },
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: firstLoad },
            // The first load names every file: what later pages share of icons, and of the shelf, is one each.
            { name: 'icons', test: /\/lucide\//, minShareCount: 2 },
            { name: 'shelf', test: /\/src\/features\/shelf\//, minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(['/api', '/api-docs', '/health'].map((path) => [path, { target: host }])),
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
})
