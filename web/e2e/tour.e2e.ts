// The tour of README.md, word for word. The test reads the numbered steps and does what they say, so what stands
// there is what the pages say. In a step, bold words are instructions, quoted words are what they are about, and
// nothing else is bold or in quotes:
//
//   **Press** "A", then "B"      what has this name: a link, button, tab, checkbox or entry of a menu, the first one
//   **Press** "A" in "B"         the one in the region B
//   **Enter** "A" in "B"         into the field B; "the printed password" stands for the password
//   **Add** "A" with "B"         the file A of the data folder, with the button B
//   **See** "A" and "B"          words on the page, outside of the navigation
//
// "…" stands for anything: at the end of a name, and within the name of a file.

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

import { expect, heading, server, test, visible, type Page } from './harness'

const readme = new URL('../../README.md', import.meta.url)
const title = 'A tour in five minutes'

/** An unoptimised binary builds a generation in this time, or computes a what-if. */
const waitMs = 60_000
const tourMsMax = 300_000

interface Instruction {
  verb: string
  names: string[]
  /** The name behind `in` or `with`. */
  where?: string
}

interface Step {
  number: number
  instructions: Instruction[]
}

test('instructions are told from prose', () => {
  const text = `## ${title}\n\n1. Look. **Press** "A",\n   then "B…". **Enter** "x" in "C", no more.\n2. **See** "D" and "E".\n\n## Next`
  expect(stepsOf(text)).toEqual([
    {
      number: 1,
      instructions: [
        { verb: 'Press', names: ['A', 'B…'] },
        { verb: 'Enter', names: ['x'], where: 'C' },
      ],
    },
    { number: 2, instructions: [{ verb: 'See', names: ['D', 'E'] }] },
  ])
})

const tour = (step: string) => () => stepsOf(`## ${title}\n\n${step}\n`)

test('a step that nobody could follow is refused', () => {
  expect(tour('1. Only prose.')).toThrow('step 1 says nothing to do')
  expect(tour('1. **Jump** "A".')).toThrow('step 1: **Jump** is no instruction')
  expect(tour('1. **Press** the button.')).toThrow('step 1: **Press** names nothing')
  expect(tour('1. **Enter** "A".')).toThrow('step 1: **Enter** does not say where')
  expect(tour('1. **See** "A", or "B".')).toThrow('step 1: no instruction is about "B"')
  expect(tour('2. **See** "A".')).toThrow('step 2 is where step 1 should be')
  expect(tour('No steps.')).toThrow('has no steps')
})

test('the tour goes as README.md says', { timeout: tourMsMax }, async ({ visitor }) => {
  const steps = stepsOf(await readFile(readme, 'utf8'))
  await visitor.goto('/')
  await visible(heading(visitor, 'Sign in to Postern'))
  for (const { number, instructions } of steps) {
    for (const instruction of instructions) {
      for (const name of instruction.names) {
        try {
          await follow(visitor, instruction, name)
        } catch (cause) {
          throw new Error(`step ${number} of the tour: ${instruction.verb} "${name}", at ${visitor.url()}`, { cause })
        }
      }
    }
  }
})

function stepsOf(text: string): Step[] {
  const section = text.split(/^## /m).find((it) => it.startsWith(title))
  if (!section) throw new Error(`README.md has no section "${title}"`)
  // A step ends where a line is not indented any more.
  const found = [...section.matchAll(/^(\d+)\. (.*(?:\n {2,}.*)*)/gm)]
  if (found.length === 0) throw new Error(`the section "${title}" has no steps`)
  return found.map(([, digits, words = ''], index) => {
    const number = Number(digits)
    if (number !== index + 1) throw new Error(`step ${number} is where step ${index + 1} should be`)
    const instructions = instructionsOf(words.replaceAll(/\s+/g, ' '), number)
    if (instructions.length === 0) throw new Error(`step ${number} says nothing to do`)
    return { number, instructions }
  })
}

const quoted = /"([^"]+)"/g
const instruction = /\*\*([^*]+)\*\*((?:(?:,| and|, and|, then| then)? "[^"]+")*)(?: (?:in|with) "([^"]+)")?/g

function instructionsOf(words: string, number: number): Instruction[] {
  const [stray] = words.replaceAll(instruction, '').match(quoted) ?? []
  if (stray) throw new Error(`step ${number}: no instruction is about ${stray}`)
  return [...words.matchAll(instruction)].map(([, verb = '', list = '', where]) => {
    const names = [...list.matchAll(quoted)].map(([, name = '']) => name)
    if (!Object.hasOwn(verbs, verb)) throw new Error(`step ${number}: **${verb}** is no instruction`)
    if (names.length === 0) throw new Error(`step ${number}: **${verb}** names nothing`)
    if (!where && (verb === 'Enter' || verb === 'Add')) {
      throw new Error(`step ${number}: **${verb}** does not say where`)
    }
    return where ? { verb, names, where } : { verb, names }
  })
}

const verbs: Record<string, (page: Page, name: string, where?: string) => Promise<void>> = {
  Press: async (page, name, where) => {
    const within = where ? page.getByRole('region', { name: where, exact: true }) : page
    const roles = ['link', 'button', 'tab', 'checkbox', 'menuitem', 'menuitemradio'] as const
    const found = roles.map((role) => within.getByRole(role, nameOf(name)))
    const any = found.reduce((all, one) => all.or(one))
    await any.filter({ visible: true }).first().click({ timeout: waitMs })
  },
  Enter: async (page, name, where = '') => {
    // A field that must be filled has a star behind its label.
    const field = page.getByLabel(new RegExp(`^${escaped(where)}( ?\\*)?$`))
    await field.fill(name === 'the printed password' ? server.password : name)
  },
  Add: async (page, name, where = '') => {
    const about = await page.request.get('/api/v1/about')
    const { data_folder: folder } = (await about.json()) as { data_folder: string }
    const { dir, base } = path.parse(path.join(folder, name))
    const pattern = new RegExp(`^${base.split('…').map(escaped).join('.*')}$`)
    const files = (await readdir(dir)).filter((it) => pattern.test(it))
    expect(files, `files ${base} in ${dir}`).toHaveLength(1)
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: where, exact: true }).click()
    await (await chooser).setFiles(path.join(dir, ...files))
  },
  See: async (page, name) => {
    const found = page.getByText(name.replace(/…$/, '')).and(page.locator(':not(nav *)'))
    await found.filter({ visible: true }).first().waitFor({ timeout: waitMs })
  },
}

const follow = async (page: Page, { verb, where }: Instruction, name: string) => verbs[verb]?.(page, name, where)

/** The whole name, or its beginning before "…". */
function nameOf(name: string) {
  const begin = escaped(name.replace(/…$/, ''))
  return { name: new RegExp(name.endsWith('…') ? `^${begin}` : `^${begin}$`) }
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
