import { Button, Dropdown, Field, Input, Option, Text } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { useAddToken, useRemoveToken } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Role, Token } from '@/api/types'
import { Age } from '@/components/Age'
import { Confirm } from '@/components/Confirm'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { AddIcon, DeleteIcon, KeyIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { toast } from '@/components/toasts'

import { FormDialog } from '@/components/FormDialog'
import { RoleField } from './RoleField'
import { Secret } from './Secret'
import { texts } from './texts'

const lifetimesDays = [7, 30, 90, 180, 365]
const lifetimeDays = 90

const { columns: titles } = texts.tokens

const columns = [
  column.text<Token>('name', (it) => it.name, { title: titles.name }),
  column.text<Token>('role', (it) => texts.roles[it.role], { title: titles.role, width: '9rem', narrow: 'below' }),
  column.text<Token>('owner', (it) => it.owner, { title: titles.owner, width: '10rem', narrow: 'below' }),
  column.text<Token>('created', (it) => <Age at={it.created_at} />, { title: titles.created, width: '9rem', narrow: 'hide' }),
  column.text<Token>('used', (it) => (it.last_used_at ? <Age at={it.last_used_at} /> : texts.tokens.never), {
    title: titles.used,
    width: '9rem',
    narrow: 'below',
    isNamedBelow: true,
  }),
  column.text<Token>('expires', (it) => <Age at={it.expires_at} />, { title: titles.expires, width: '9rem' }),
  column.text<Token>('actions', (it) => <Revoke token={it} />, { title: titles.actions, width: '4rem', align: 'end' }),
]

export function Tokens() {
  const query = useQuery(queries.tokens())
  const [isAdding, setAdding] = useState(false)
  return (
    <Section
      title={texts.tokens.title}
      description={texts.tokens.description}
      isFlush
      actions={
        <Button appearance="primary" icon={<AddIcon />} onClick={() => setAdding(true)}>
          {texts.tokens.add}
        </Button>
      }
    >
      <DataTable
        label={texts.tokens.title}
        columns={columns}
        query={query}
        keyOf={(it) => it.id}
        isRowLinked={false}
        empty={
          <EmptyState icon={KeyIcon} title={texts.tokens.empty.title}>
            {texts.tokens.empty.hint}
          </EmptyState>
        }
      />
      {isAdding ? <AddToken onClose={() => setAdding(false)} /> : null}
    </Section>
  )
}

function AddToken({ onClose }: { onClose: () => void }) {
  const { data: session } = useQuery(queries.session())
  const add = useAddToken()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('reader')
  const [days, setDays] = useState(lifetimeDays)
  if (add.data) {
    return (
      <Secret
        title={texts.tokens.madeTitle}
        words={texts.tokens.madeWords}
        what={texts.tokens.secret}
        value={add.data.secret}
        onClose={onClose}
      />
    )
  }
  return (
    <FormDialog
      title={texts.tokens.add}
      action={texts.tokens.make}
      isPending={add.isPending}
      error={add.error}
      onClose={onClose}
      onSubmit={() => add.mutate({ name, role, expires_in_days: days })}
    >
      <Field label={texts.tokens.name} hint={texts.tokens.nameHint} required>
        <Input value={name} required autoComplete="off" onChange={(_, data) => setName(data.value)} />
      </Field>
      <RoleField label={texts.tokens.role} value={role} most={session?.user.role ?? 'reader'} onChange={setRole} />
      <Field label={texts.tokens.days}>
        <Dropdown
          value={texts.tokens.daysOf(days)}
          selectedOptions={[String(days)]}
          onOptionSelect={(_, data) => setDays(Number(data.optionValue))}
        >
          {lifetimesDays.map((it) => (
            <Option key={it} value={String(it)}>
              {texts.tokens.daysOf(it)}
            </Option>
          ))}
        </Dropdown>
      </Field>
    </FormDialog>
  )
}

function Revoke({ token }: { token: Token }) {
  const revoke = useRemoveToken()
  const [isAsking, setAsking] = useState(false)
  return (
    <>
      <Button
        size="small"
        appearance="subtle"
        icon={<DeleteIcon />}
        aria-label={`${texts.tokens.revoke} ${token.name}`}
        onClick={() => setAsking(true)}
      />
      <Confirm
        isOpen={isAsking}
        title={texts.tokens.revokeTitle(token.name)}
        action={texts.tokens.revoke}
        isPending={revoke.isPending}
        error={revoke.error}
        onClose={() => setAsking(false)}
        onConfirm={() => revoke.mutate(token.id, { onSuccess: () => toast.done(texts.tokens.revoked(token.name)) })}
      >
        <Text>{texts.tokens.revokeWords}</Text>
      </Confirm>
    </>
  )
}
