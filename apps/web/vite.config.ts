import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { VitePWA } from 'vite-plugin-pwa'
import type { Plugin, Rolldown } from 'vite'
import { defineConfig } from 'vitest/config'

const host = process.env.FOLKSHELF_HOST ?? 'http://localhost:3000'

const entry = fileURLToPath(new URL('./src/app/main.tsx', import.meta.url))
const libraries =
  /node_modules\/(react|react-dom|scheduler|react-router|@tanstack|i18next|react-i18next|openapi-fetch|use-sync-external-store)\/(?!.*\/Trans)/
const first = { modules: new Set<string>(), icons: new Set<string>() }

/**
 * Each file is a trip over a slow line: what somebody's first look needs is in one, the libraries beside it because they
 * change less often.
 */
const firstLoad: Rolldown.CodeSplittingNameFunction = (id, build) => {
  if (first.modules.size === 0) gather(entry, build)
  if (libraries.test(id)) return 'vendor'
  const icon = /\/lucide\/dist\/esm\/(?:icons\/(.+)|.+)\.m?js$/.exec(id)
  const needed = icon ? !icon[1] || first.icons.has(icon[1].replaceAll('-', '')) : first.modules.has(id)
  return needed && id !== entry ? 'app' : null
}

function gather(id: string, build: Parameters<Rolldown.CodeSplittingNameFunction>[1]): void {
  const module = id.includes('node_modules') || first.modules.has(id) ? null : build.getModuleInfo(id)
  if (!module) return
  first.modules.add(id)
  module.importedIds.forEach((imported) => gather(imported, build))
  // Icons come through one door that leads to all of them: their names say which are meant.
  for (const [, names] of module.code?.matchAll(/import\s*\{([^}]*)\}\s*from\s*["']lucide["']/g) ?? [])
    for (const name of names?.split(',') ?? []) first.icons.add(name.split(' as ')[0]!.trim().toLowerCase())
}

/** The words come with the code, not after it; which language it will be only the browser knows, and they are small. */
const preloadWords: Plugin = {
  name: 'preload-words',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle = {} }) =>
      Object.values(bundle)
        .filter((file) => file.type === 'chunk' && /\/i18n\/first\/\w+\.ts$/.test(file.facadeModuleId ?? ''))
        .map(({ fileName }) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `/${fileName}` },
          injectTo: 'head',
        })),
  },
}

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  plugins: [
    react(),
    tailwindcss(),
    preloadWords,
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
        navigateFallbackDenylist: [/^\/api/, /^\/health/, /^\/metrics/],
        cleanupOutdatedCaches: true,
      },
    }),
  ],
  build: {
    manifest: true,
    sourcemap: false,
    modulePreload: { polyfill: false },
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
