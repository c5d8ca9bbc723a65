export const texts = {
  paths: { title: 'Attack paths', description: 'How an attacker gets from where they can begin to what you cannot lose.' },
  path: { title: 'Attack path', description: 'Each step with its evidence, and how to close it.' },
}
