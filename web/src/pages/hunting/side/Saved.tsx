// Queries under names: one's own, and those that are shared with everybody.

import {
  Button,
  Checkbox,
  Field,
  Input,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  Textarea,
} from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import type { SavedQuery, SavedQueryChange } from '@/api/hunting'
import { useDeleteQuery, useSaveQuery } from '@/api/mutations'
import { queries } from '@/api/queries'
import { Age } from '@/components/Age'
import { FormDialog } from '@/components/FormDialog'
import { MoreIcon } from '@/components/icons'
import { PageLoading } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { toast } from '@/components/toasts'

import { texts } from '../texts'
import { QueryGroup, QueryItem, SideHint } from './QueryList'

const changeOf = ({ name, description, query, is_shared }: SavedQueryChange): SavedQueryChange => ({
  name,
  description,
  query,
  is_shared,
})

export function Saved({
  text,
  mayShare,
  onOpen,
}: {
  /** What stands in the editor. */
  text: string
  mayShare: boolean
  onOpen: (query: string) => void
}) {
  const { data, error, refetch } = useQuery(queries.savedQueries())
  const save = useSaveQuery()
  const remove = useDeleteQuery()
  const [removed, setRemoved] = useState<SavedQuery>()
  const [edited, setEdited] = useState<SavedQuery>()
  if (error) return <ProblemMessage error={error} onRetry={() => void refetch()} />
  if (!data) return <PageLoading what={texts.saved.what} />
  const own = data.items.filter((it) => !it.is_shared)
  const shared = data.items.filter((it) => it.is_shared)
  const update = (it: SavedQuery, change: Partial<SavedQueryChange>) =>
    save.mutate(
      { id: it.id, ...changeOf(it), ...change },
      { onSuccess: () => toast.done(texts.saved.updated(it.name)), onError: toast.failed },
    )
  const item = (it: SavedQuery) => (
    <QueryItem
      key={it.id}
      label={texts.saved.open(it.name)}
      title={it.name}
      detail={
        <>
          {it.description === '' ? null : `${it.description} · `}
          {it.is_shared ? `${texts.saved.by(it.author)} · ` : null}
          <Age at={it.changed_at} />
        </>
      }
      actions={
        it.is_shared && !mayShare ? null : (
          <Menu>
            <MenuTrigger disableButtonEnhancement>
              <Button
                size="small"
                appearance="subtle"
                icon={<MoreIcon />}
                aria-label={texts.saved.actions(it.name)}
              />
            </MenuTrigger>
            <MenuPopover>
              <MenuList>
                <MenuItem disabled={text.trim() === ''} onClick={() => update(it, { query: text })}>
                  {texts.saved.update}
                </MenuItem>
                <MenuItem onClick={() => setEdited(it)}>{texts.saved.rename}</MenuItem>
                {mayShare ? (
                  <MenuItem onClick={() => update(it, { is_shared: !it.is_shared })}>
                    {it.is_shared ? texts.saved.unshare : texts.saved.share}
                  </MenuItem>
                ) : null}
                <MenuItem
                  onClick={() =>
                    remove.mutate(it, { onSuccess: () => setRemoved(it), onError: toast.failed })
                  }
                >
                  {texts.saved.remove}
                </MenuItem>
              </MenuList>
            </MenuPopover>
          </Menu>
        )
      }
      onOpen={() => onOpen(it.query)}
    />
  )
  return (
    <div>
      {removed ? (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>{texts.saved.removed(removed.name)}</MessageBarBody>
          <MessageBarActions>
            <Button
              size="small"
              onClick={() =>
                save.mutate(changeOf(removed), { onSuccess: () => setRemoved(undefined), onError: toast.failed })
              }
            >
              {texts.saved.undo}
            </Button>
          </MessageBarActions>
        </MessageBar>
      ) : null}
      {own.length === 0 ? (
        <SideHint>
          {texts.saved.empty} {texts.saved.emptyHint}
        </SideHint>
      ) : (
        <QueryGroup title={texts.saved.own}>{own.map(item)}</QueryGroup>
      )}
      {shared.length > 0 ? <QueryGroup title={texts.saved.shared}>{shared.map(item)}</QueryGroup> : null}
      {edited ? (
        <SaveDialog of={edited} query={edited.query} mayShare={mayShare} onClose={() => setEdited(undefined)} />
      ) : null}
    </div>
  )
}

/** Asks for the name of a new query, or for another name of one that is there. */
export function SaveDialog({
  of,
  query,
  mayShare,
  onClose,
}: {
  of?: SavedQuery
  query: string
  mayShare: boolean
  onClose: () => void
}) {
  const save = useSaveQuery()
  const [name, setName] = useState(of?.name ?? '')
  const [description, setDescription] = useState(of?.description ?? '')
  const [isShared, setIsShared] = useState(of?.is_shared ?? false)
  return (
    <FormDialog
      title={of ? texts.saved.renameDialog : texts.saved.dialog}
      action={texts.saved.submit}
      isPending={save.isPending}
      error={save.error}
      onSubmit={() =>
        save.mutate(
          { id: of?.id, name: name.trim(), description: description.trim(), query, is_shared: isShared },
          {
            onSuccess: () => {
              toast.done(texts.saved.updated(name.trim()))
              onClose()
            },
          },
        )
      }
      onClose={onClose}
    >
      <Field label={texts.saved.name} required>
        <Input value={name} onChange={(_, data) => setName(data.value)} />
      </Field>
      <Field label={texts.library.description}>
        <Textarea value={description} onChange={(_, data) => setDescription(data.value)} />
      </Field>
      {mayShare ? (
        <Checkbox
          label={texts.saved.shareLabel}
          checked={isShared}
          onChange={(_, data) => setIsShared(data.checked === true)}
        />
      ) : null}
    </FormDialog>
  )
}
