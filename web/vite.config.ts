// Builds the pages into files that the binary embeds. Everything is served from the same address.

import { fileURLToPath } from 'node:url'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

import { precompress } from './tools/precompress.ts'

/** Where `npm run dev` finds a running `postern serve`. */
const server = process.env.POSTERN_URL ?? 'http://127.0.0.1:8686'

export default defineConfig({
  plugins: [react(), precompress()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2023',
    // Not `assets`: that is an address of the pages.
    assetsDir: 'static',
    // Data addresses are refused by the content security policy.
    assetsInlineLimit: 0,
    // The polyfill writes an inline script.
    modulePreload: { polyfill: false },
    // Tells `npm run size` which files the first page needs.
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: {
    proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } },
  },
})
