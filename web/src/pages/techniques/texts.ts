export const texts = {
  techniques: { title: 'Techniques', description: 'What Postern knows an attacker can do, and how sure it is.' },
  technique: { title: 'Technique', description: 'What it needs, what it gives, how to see it and how to stop it.' },
}
