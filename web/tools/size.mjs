// How much script the first page needs, compressed. Fails above the bar.
//
// Usage: npm run size [dist folder]

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'

/** What a person waits for on a slow line before anything shows. */
const sizeBytesMax = 250 * 1000

const dist = path.resolve(process.argv[2] ?? 'dist')
const manifest = JSON.parse(await readFile(path.join(dist, '.vite', 'manifest.json'), 'utf8'))

/** A chunk and all it imports at once; what is imported on demand does not count. */
function reached(keys, found = new Set()) {
  for (const key of keys) {
    if (!found.has(key)) {
      found.add(key)
      reached(manifest[key].imports ?? [], found)
    }
  }
  return found
}

// Signed in, the first page is the overview.
const first = Object.keys(manifest).filter(
  (key) => manifest[key].isEntry || key === 'src/pages/overview/OverviewPage.tsx',
)
const files = await Promise.all(
  [...reached(first)].map(async (key) => {
    const { file } = manifest[key]
    return { file, bytes: gzipSync(await readFile(path.join(dist, file)), { level: 9 }).length }
  }),
)
for (const { file, bytes } of files) process.stdout.write(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}\n`)
const total = files.reduce((sum, it) => sum + it.bytes, 0)
process.stdout.write(`${(total / 1000).toFixed(1).padStart(8)} kB  first page, gzip; at most ${sizeBytesMax / 1000} kB\n`)
if (first.length < 2 || total > sizeBytesMax) {
  process.stderr.write('The first page needs too much script. Import what it can do without on demand.\n')
  process.exit(1)
}
