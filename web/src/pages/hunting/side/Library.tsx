// What queries can call by name and people can make: stored functions and watchlists.

import {
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  Textarea,
} from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState, type ChangeEvent } from 'react'

import type { StoredFunction, Watchlist } from '@/api/hunting'
import { useDeleteFunction, useDeleteWatchlist, useStoreFunction, useStoreWatchlist } from '@/api/mutations'
import { queries } from '@/api/queries'
import { Confirm } from '@/components/Confirm'
import { FormDialog } from '@/components/FormDialog'
import { DeleteIcon, SettingsIcon } from '@/components/icons'
import { PageLoading } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { toast } from '@/components/toasts'

import { texts } from '../texts'
import { QueryGroup, QueryItem, SideHint } from './QueryList'

export function Library({ mayChange, onInsert }: { mayChange: boolean; onInsert: (text: string) => void }) {
  return (
    <div>
      {mayChange ? null : <SideHint>{texts.library.role}</SideHint>}
      <Functions mayChange={mayChange} onInsert={onInsert} />
      <Watchlists mayChange={mayChange} onInsert={onInsert} />
    </div>
  )
}

interface Given {
  mayChange: boolean
  onInsert: (text: string) => void
}

function Functions({ mayChange, onInsert }: Given) {
  const { data, error, refetch } = useQuery(queries.storedFunctions())
  const store = useStoreFunction()
  const remove = useDeleteFunction()
  const [edited, setEdited] = useState<StoredFunction | 'new'>()
  const [removed, setRemoved] = useState<StoredFunction>()
  if (error) return <ProblemMessage error={error} onRetry={() => void refetch()} />
  if (!data) return <PageLoading what={texts.library.what} />
  return (
    <>
      <QueryGroup title={texts.library.functions}>
        {data.items.map((it) => (
          <QueryItem
            key={it.name}
            label={texts.schema.insert(it.name)}
            title={it.name}
            detail={it.description}
            onOpen={() => onInsert(`${it.name}(`)}
            actions={
              mayChange ? (
                <>
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<SettingsIcon />}
                    aria-label={texts.library.edit(it.name)}
                    onClick={() => setEdited(it)}
                  />
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<DeleteIcon />}
                    aria-label={texts.library.remove(it.name)}
                    onClick={() => remove.mutate(it, { onSuccess: () => setRemoved(it), onError: toast.failed })}
                  />
                </>
              ) : null
            }
          />
        ))}
      </QueryGroup>
      <SideHint>{data.items.length === 0 ? texts.library.noFunctions : null} {texts.library.functionsHint}</SideHint>
      {removed ? (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>{texts.library.removed(removed.name)}</MessageBarBody>
          <MessageBarActions>
            <Button
              size="small"
              onClick={() => store.mutate(removed, { onSuccess: () => setRemoved(undefined), onError: toast.failed })}
            >
              {texts.library.undo}
            </Button>
          </MessageBarActions>
        </MessageBar>
      ) : null}
      {mayChange ? (
        <Button size="small" onClick={() => setEdited('new')}>
          {texts.library.add}
        </Button>
      ) : null}
      {edited ? <FunctionDialog of={edited === 'new' ? undefined : edited} onClose={() => setEdited(undefined)} /> : null}
    </>
  )
}

function FunctionDialog({ of, onClose }: { of: StoredFunction | undefined; onClose: () => void }) {
  const store = useStoreFunction()
  const [name, setName] = useState(of?.name ?? '')
  const [declaration, setDeclaration] = useState(of?.declaration ?? '')
  const [description, setDescription] = useState(of?.description ?? '')
  return (
    <FormDialog
      title={texts.library.dialog}
      action={texts.library.submit}
      isPending={store.isPending}
      error={store.error}
      onSubmit={() =>
        store.mutate(
          { name: name.trim(), declaration: declaration.trim(), description: description.trim() },
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
      <Field label={texts.library.name} hint={texts.library.nameHint} required>
        <Input value={name} disabled={of !== undefined} onChange={(_, data) => setName(data.value)} />
      </Field>
      <Field label={texts.library.declaration} hint={texts.library.declarationHint} required>
        <Textarea rows={8} value={declaration} onChange={(_, data) => setDeclaration(data.value)} />
      </Field>
      <Field label={texts.library.description}>
        <Input value={description} onChange={(_, data) => setDescription(data.value)} />
      </Field>
    </FormDialog>
  )
}

function Watchlists({ mayChange, onInsert }: Given) {
  const { data, error, refetch } = useQuery(queries.watchlists())
  const remove = useDeleteWatchlist()
  const [isAdding, setIsAdding] = useState(false)
  const [doomed, setDoomed] = useState<Watchlist>()
  if (error) return <ProblemMessage error={error} onRetry={() => void refetch()} />
  if (!data) return null
  return (
    <>
      <QueryGroup title={texts.library.watchlists}>
        {data.items.map((it) => (
          <QueryItem
            key={it.name}
            label={texts.schema.insert(it.name)}
            title={it.name}
            detail={
              <>
                {texts.library.size(it.rows, it.columns.length)}
                {it.description === '' ? null : ` · ${it.description}`}
              </>
            }
            onOpen={() => onInsert(`_GetWatchlist('${it.name.replaceAll("'", String.raw`\'`)}')`)}
            actions={
              mayChange ? (
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<DeleteIcon />}
                  aria-label={texts.library.remove(it.name)}
                  onClick={() => setDoomed(it)}
                />
              ) : null
            }
          />
        ))}
      </QueryGroup>
      <SideHint>{data.items.length === 0 ? texts.library.noWatchlists : null} {texts.library.watchlistsHint}</SideHint>
      {mayChange ? (
        <Button size="small" onClick={() => setIsAdding(true)}>
          {texts.library.upload}
        </Button>
      ) : null}
      {isAdding ? <WatchlistDialog onClose={() => setIsAdding(false)} /> : null}
      <Confirm
        isOpen={doomed !== undefined}
        title={texts.library.remove(doomed?.name ?? '')}
        action={texts.saved.remove}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => {
          if (doomed) remove.mutate(doomed, { onSuccess: () => setDoomed(undefined) })
        }}
        onClose={() => setDoomed(undefined)}
      >
        {texts.library.removeWatchlist}
      </Confirm>
    </>
  )
}

function WatchlistDialog({ onClose }: { onClose: () => void }) {
  const store = useStoreWatchlist()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [file, setFile] = useState<File>()
  const [isMissing, setIsMissing] = useState(false)
  const submit = async () => {
    setIsMissing(file === undefined)
    if (!file) return
    const csv = await file.text()
    store.mutate(
      { name: name.trim(), description: description.trim(), csv },
      {
        onSuccess: () => {
          toast.done(texts.saved.updated(name.trim()))
          onClose()
        },
      },
    )
  }
  return (
    <FormDialog
      title={texts.library.uploadDialog}
      action={texts.library.submit}
      isPending={store.isPending}
      error={store.error}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <Field
        label={texts.library.file}
        hint={texts.library.fileHint}
        required
        {...(isMissing ? { validationMessage: texts.library.fileWrong } : {})}
      >
        <input
          type="file"
          accept=".csv,text/csv"
          onChange={(event: ChangeEvent<HTMLInputElement>) => {
            const chosen = event.target.files?.[0]
            setFile(chosen)
            if (chosen && name === '') setName(chosen.name.replace(/\.csv$/i, ''))
          }}
        />
      </Field>
      <Field label={texts.library.name} required>
        <Input value={name} onChange={(_, data) => setName(data.value)} />
      </Field>
      <Field label={texts.library.description}>
        <Input value={description} onChange={(_, data) => setDescription(data.value)} />
      </Field>
    </FormDialog>
  )
}
