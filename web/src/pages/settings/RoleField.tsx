import { Field, Radio, RadioGroup } from '@fluentui/react-components'

import type { Role } from '@/api/types'

import { texts } from './texts'

const roles = ['reader', 'analyst', 'administrator'] as const

/** `most` leaves out larger roles: nobody can give more than they have. */
export function RoleField({ label, value, most, onChange }: { label: string; value: Role; most: Role; onChange: (role: Role) => void }) {
  return (
    <Field label={label}>
      <RadioGroup layout="horizontal" value={value} onChange={(_, data) => onChange(data.value as Role)}>
        {roles.slice(0, roles.indexOf(most) + 1).map((it) => (
          <Radio key={it} value={it} label={texts.roles[it]} />
        ))}
      </RadioGroup>
    </Field>
  )
}
