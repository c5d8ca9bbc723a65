// Sentences of facts, with the assets that they name.

import type { FactReport, StepReport } from '@/api/types'

export interface Words {
  /** Where they begin in the sentence. */
  at: number
  text: string
  /** The asset that they name. */
  asset?: { id: string; name: string }
}

/** The label beside a fact says so already. */
const assumed = /^default assumed: /

export const sentenceOf = (fact: FactReport) => fact.text.replace(assumed, '')

/** The sentence of a fact, cut where an asset is named. */
export function wordsOf(fact: FactReport): Words[] {
  const { relation, subject, subject_name } = fact
  const named = relation
    ? [
        { id: relation.source, name: relation.source_name },
        { id: relation.target, name: relation.target_name },
      ]
    : subject && subject_name
      ? [{ id: subject, name: subject_name }]
      : []
  const sentence = sentenceOf(fact)
  const taken: { at: number; id: string; name: string }[] = []
  // The longest first: `CA` may be a part of `CA.CORP.EXAMPLE`.
  for (const asset of named.toSorted((a, b) => b.name.length - a.name.length)) {
    const at = find(sentence, asset.name, taken)
    if (at !== undefined) taken.push({ at, ...asset })
  }
  const words: Words[] = []
  let end = 0
  for (const { at, id, name } of taken.toSorted((a, b) => a.at - b.at)) {
    if (at > end) words.push({ at: end, text: sentence.slice(end, at) })
    words.push({ at, text: name, asset: { id, name } })
    end = at + name.length
  }
  if (end < sentence.length) words.push({ at: end, text: sentence.slice(end) })
  return words
}

/** The first place of a name that no other name has taken. */
function find(sentence: string, name: string, taken: readonly { at: number; name: string }[]) {
  if (name === '') return undefined
  for (let at = sentence.indexOf(name); at >= 0; at = sentence.indexOf(name, at + 1)) {
    const isFree = taken.every((it) => at + name.length <= it.at || at >= it.at + it.name.length)
    if (isFree) return at
  }
  return undefined
}

/** What is so of an asset, without its name, which stands above it already. */
export function briefly(fact: FactReport) {
  const sentence = sentenceOf(fact)
  const name = fact.subject_name ?? fact.relation?.source_name
  return name && sentence.startsWith(`${name} `) ? sentence.slice(name.length + 1) : sentence
}

/** Settings, defaults and assumptions take the place of something that somebody saw. */
export const isUnseen = (fact: FactReport) =>
  fact.fact === 'setting' || fact.fact === 'default' || fact.fact === 'assumption'

/** What an assumed step rests on, that nobody saw: of the reasons that make it as cheap as it is. */
export function unseenOf(step: Pick<StepReport, 'cost' | 'is_assumed' | 'evidence'>) {
  if (!step.is_assumed) return []
  const facts = step.evidence.filter((it) => it.cost <= step.cost).flatMap((it) => it.facts.filter(isUnseen))
  return facts.length > 0 ? [...new Set(facts.map((it) => it.fact))] : ['assumption' as const]
}
