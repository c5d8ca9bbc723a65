import { fileURLToPath } from 'node:url'

import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: {
    environment: 'node',
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: './e2e/server.ts',
    // One server and one browser serve all files, and two cores are all there is.
    fileParallelism: false,
    testTimeout: 60_000,
    // A page may still be asking when its heading is there.
    expect: { poll: { timeout: 5_000 } },
    hookTimeout: 60_000,
  },
})
