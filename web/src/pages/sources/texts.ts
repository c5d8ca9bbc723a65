export const texts = {
  sources: { title: 'Sources', description: 'The files that Postern has read, and what came of them.' },
  source: { title: 'Source', description: 'Its files, and the rows that could not be read.' },
  coverage: { title: 'Coverage', description: 'What was looked at, how long ago, and what nobody has looked at.' },
}
