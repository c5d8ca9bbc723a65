export const texts = {
  overview: { title: 'Overview', description: 'Where you stand, what changed, and what to do first.' },
  changes: { title: 'Changes', description: 'What became of attack paths since the generation before, and why.' },
}
