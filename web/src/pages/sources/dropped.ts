// Files out of what was dropped: folders are walked, and files keep the path they were dropped with.

import type { Chosen } from '@/api/upload'

/** What the form of the browser gives: `webkitRelativePath` is set when a folder was chosen. */
export const chosenOf = (files: Iterable<File>): Chosen[] =>
  [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }))

export async function droppedFiles(items: DataTransferItemList): Promise<Chosen[]> {
  // All entries have to be asked for before the first wait: the list is empty afterwards.
  const entries = [...items].map((it) => it.webkitGetAsEntry()).filter((it) => it !== null)
  const found = await Promise.all(entries.map((it) => walk(it)))
  return found.flat()
}

async function walk(entry: FileSystemEntry): Promise<Chosen[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    return [{ file, path: entry.fullPath.replace(/^\//, '') }]
  }
  const found = await Promise.all((await entriesOf((entry as FileSystemDirectoryEntry).createReader())).map(walk))
  return found.flat()
}

/** A reader gives a part of a large folder at a time, and nothing when it is through. */
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
  return part.length === 0 ? [] : [...part, ...(await entriesOf(reader))]
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
