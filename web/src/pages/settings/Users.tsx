import {
  Button,
  Field,
  Input,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Text,
} from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { useAddUser, useChangeUser, useRemoveUser } from '@/api/mutations'
import { useMay } from '@/api/permission'
import { queries } from '@/api/queries'
import type { Role, User } from '@/api/types'
import { Age } from '@/components/Age'
import { Label } from '@/components/Badges'
import { Confirm } from '@/components/Confirm'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { AddIcon, ChevronDownIcon, LockIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { toast } from '@/components/toasts'

import { FormDialog } from '@/components/FormDialog'
import { RoleField } from './RoleField'
import { Secret } from './Secret'
import { texts } from './texts'

const { columns: titles } = texts.users

function Name({ user }: { user: User }) {
  const { data: session } = useQuery(queries.session())
  return (
    <>
      {user.name} {session?.user.name === user.name ? <Label>{texts.users.you}</Label> : null}
    </>
  )
}

const columns = [
  column.text<User>('name', (it) => <Name user={it} />, { title: titles.name }),
  column.text<User>('role', (it) => texts.roles[it.role], { title: titles.role, width: '9rem', narrow: 'below' }),
  column.text<User>('state', (it) => (it.is_disabled ? <Label look="low">{texts.users.disabled}</Label> : texts.users.enabled), {
    title: titles.state,
    width: '8rem',
    narrow: 'below',
  }),
  column.text<User>('seen', (it) => (it.last_seen_at ? <Age at={it.last_seen_at} /> : texts.users.never), {
    title: titles.seen,
    width: '9rem',
  }),
  column.text<User>('created', (it) => <Age at={it.created_at} />, { title: titles.created, width: '9rem', narrow: 'hide' }),
  column.text<User>('actions', (it) => <Actions user={it} />, { title: titles.actions, width: '4rem', align: 'end' }),
]

export function Users() {
  const { may } = useMay('manage-users')
  const query = useQuery({ ...queries.users(), enabled: may })
  const [isAdding, setAdding] = useState(false)
  if (!may) return <EmptyState icon={LockIcon} title={texts.needs} />
  return (
    <Section
      title={texts.users.title}
      description={texts.users.description}
      isFlush
      actions={
        <Button appearance="primary" icon={<AddIcon />} onClick={() => setAdding(true)}>
          {texts.users.add}
        </Button>
      }
    >
      <DataTable
        label={texts.users.title}
        columns={columns}
        query={query}
        keyOf={(it) => it.name}
        isRowLinked={false}
        empty={null}
      />
      {isAdding ? <AddUser onClose={() => setAdding(false)} /> : null}
    </Section>
  )
}

function AddUser({ onClose }: { onClose: () => void }) {
  const add = useAddUser()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('analyst')
  const [password, setPassword] = useState('')
  if (add.data?.password) {
    return (
      <Secret
        title={texts.users.madeTitle(add.data.user.name)}
        words={texts.users.madeWords}
        what={texts.users.passwordWord}
        value={add.data.password}
        onClose={onClose}
      />
    )
  }
  return (
    <FormDialog
      title={texts.users.add}
      action={texts.users.addAction}
      isPending={add.isPending}
      error={add.error}
      onClose={onClose}
      onSubmit={() =>
        add.mutate(
          { name, role, ...(password ? { password } : {}) },
          {
            onSuccess: (made) => {
              toast.done(texts.users.added(made.user.name))
              if (!made.password) onClose()
            },
          },
        )
      }
    >
      <Field label={texts.users.name} required>
        <Input value={name} required autoComplete="off" onChange={(_, data) => setName(data.value)} />
      </Field>
      <RoleField label={texts.users.role} value={role} most="administrator" onChange={setRole} />
      <Field label={texts.users.password} hint={texts.users.passwordHint}>
        <Input type="password" value={password} autoComplete="new-password" onChange={(_, data) => setPassword(data.value)} />
      </Field>
    </FormDialog>
  )
}

function Actions({ user }: { user: User }) {
  const change = useChangeUser()
  const [asks, setAsks] = useState<'remove' | 'password'>()
  const set = (wanted: { role?: Role; is_disabled?: boolean }) =>
    change.mutate(
      { name: user.name, ...wanted },
      { onSuccess: () => toast.done(texts.users.changed(user.name)), onError: toast.failed },
    )
  const others = (['reader', 'analyst', 'administrator'] as const).filter((it) => it !== user.role)
  return (
    <>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button size="small" appearance="subtle" icon={<ChevronDownIcon />} aria-label={texts.users.more(user.name)} />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {others.map((it) => (
              <MenuItem key={it} onClick={() => set({ role: it })}>
                {texts.users.role}: {texts.roles[it]}
              </MenuItem>
            ))}
            <MenuItem onClick={() => set({ is_disabled: !user.is_disabled })}>
              {user.is_disabled ? texts.users.enable : texts.users.disable}
            </MenuItem>
            <MenuItem onClick={() => setAsks('password')}>{texts.users.newPassword}</MenuItem>
            <MenuItem onClick={() => setAsks('remove')}>{texts.users.remove}</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      {asks === 'remove' ? <RemoveUser user={user} onClose={() => setAsks(undefined)} /> : null}
      {asks === 'password' ? <NewPassword user={user} onClose={() => setAsks(undefined)} /> : null}
    </>
  )
}

function RemoveUser({ user, onClose }: { user: User; onClose: () => void }) {
  const remove = useRemoveUser()
  return (
    <Confirm
      isOpen
      title={texts.users.removeTitle(user.name)}
      action={texts.users.remove}
      isPending={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate(user.name, { onSuccess: () => toast.done(texts.users.removed(user.name)) })}
    >
      <Text>{texts.users.removeWords}</Text>
    </Confirm>
  )
}

function NewPassword({ user, onClose }: { user: User; onClose: () => void }) {
  const change = useChangeUser()
  const [password, setPassword] = useState('')
  return (
    <FormDialog
      title={texts.users.passwordTitle(user.name)}
      action={texts.users.passwordAction}
      isPending={change.isPending}
      error={change.error}
      onClose={onClose}
      onSubmit={() =>
        change.mutate(
          { name: user.name, password },
          {
            onSuccess: () => {
              toast.done(texts.users.changed(user.name))
              onClose()
            },
          },
        )
      }
    >
      <Field label={texts.users.newPasswordLabel} hint={texts.users.newPasswordHint} required>
        <Input type="password" required value={password} autoComplete="new-password" onChange={(_, data) => setPassword(data.value)} />
      </Field>
    </FormDialog>
  )
}
