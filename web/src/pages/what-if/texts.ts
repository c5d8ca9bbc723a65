export const texts = {
  whatIf: { title: 'What if', description: 'What a change would do to your attack paths, before you make it.' },
}
