// What would be gone: chosen by search, or brought here by a link.

import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'

import { queries } from '@/api/queries'
import { ButtonLink } from '@/components/AppLink'
import { EmptyState } from '@/components/EmptyState'
import { CloseIcon } from '@/components/icons'
import { useTechniques } from '@/pages/techniques/useTechniques'

import { PlaceSearch } from './PlaceSearch'
import { isQuestion, stepId, withChoice, withoutChoice, type WhatIfSearch } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(260px, 100%), 1fr))',
    gap: tokens.spacingHorizontalXL,
  },
  group: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS, minWidth: 0 },
  title: { margin: 0, fontSize: tokens.fontSizeBase300, fontWeight: tokens.fontWeightSemibold },
  chips: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalXS,
    listStyleType: 'none',
    margin: 0,
    padding: 0,
  },
  chip: { maxWidth: '100%', justifyContent: 'flex-start', textAlign: 'left', overflowWrap: 'anywhere' },
  step: { display: 'flex', columnGap: tokens.spacingHorizontalS, alignItems: 'flex-start' },
  grow: { flexGrow: 1, minWidth: 0 },
})

interface Given {
  search: WhatIfSearch
  change: (changes: Partial<Record<keyof WhatIfSearch, never>> | ReturnType<typeof withChoice>) => void
}

export function Choices({ search, change }: Given) {
  const styles = useStyles()
  const techniques = useTechniques()
  return (
    <>
      <div className={styles.columns}>
        <Group title={texts.assets}>
          <PlaceSearch
            label={texts.addAsset}
            kind="asset"
            onChoose={(hit) => change(withChoice(search, 'assets', hit.id))}
          />
          <Chips title={texts.assets}>
            {search.assets?.map((id) => (
              <AssetChip key={id} id={id} onRemove={() => change(withoutChoice(search, 'assets', id))} />
            ))}
          </Chips>
        </Group>
        <Group title={texts.steps}>
          <StepField onAdd={(id) => change(withChoice(search, 'edges', id))} />
          <Chips title={texts.steps}>
            {search.edges?.map((id) => (
              <StepChip key={id} id={id} onRemove={() => change(withoutChoice(search, 'edges', id))} />
            ))}
          </Chips>
        </Group>
        <Group title={texts.techniques}>
          <PlaceSearch
            label={texts.addTechnique}
            kind="technique"
            onChoose={(hit) => change(withChoice(search, 'techniques', hit.id))}
          />
          <Chips title={texts.techniques}>
            {search.techniques?.map((id) => (
              <Chip
                key={id}
                name={techniques.get(id)?.title ?? id}
                onRemove={() => change(withoutChoice(search, 'techniques', id))}
              />
            ))}
          </Chips>
        </Group>
      </div>
      {isQuestion(search) ? null : (
        <EmptyState
          title={texts.noChoice}
          actions={
            <ButtonLink to="/attack-paths" search={{ view: 'paths' }}>
              {texts.toPaths}
            </ButtonLink>
          }
        >
          {texts.noChoiceHint}
        </EmptyState>
      )}
    </>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  const styles = useStyles()
  return (
    <div className={styles.group} role="group" aria-label={title}>
      <h3 className={styles.title}>{title}</h3>
      {children}
    </div>
  )
}

function Chips({ title, children }: { title: string; children: ReactNode[] | undefined }) {
  const styles = useStyles()
  if (!children || children.length === 0) return null
  return (
    <ul className={styles.chips} aria-label={title}>
      {children}
    </ul>
  )
}

function Chip({ name, onRemove }: { name: string; onRemove: () => void }) {
  const styles = useStyles()
  return (
    <li>
      <Button
        size="small"
        className={styles.chip}
        icon={<CloseIcon />}
        iconPosition="after"
        aria-label={texts.remove(name)}
        onClick={onRemove}
      >
        {name}
      </Button>
    </li>
  )
}

function AssetChip({ id, onRemove }: { id: string; onRemove: () => void }) {
  const { data } = useQuery(queries.asset(id))
  return <Chip name={data?.name ?? id} onRemove={onRemove} />
}

function StepChip({ id, onRemove }: { id: string; onRemove: () => void }) {
  const { data } = useQuery(queries.step(id))
  const title = useTechniques().get(data?.technique ?? '')?.title
  const ends = data ? texts.stepName(data.source_name, data.target_name) : id
  return <Chip name={title ? `${title}: ${ends}` : ends} onRemove={onRemove} />
}

function StepField({ onAdd }: { onAdd: (id: string) => void }) {
  const styles = useStyles()
  const [typed, setTyped] = useState('')
  const [isWrong, setIsWrong] = useState(false)
  const add = (event: FormEvent) => {
    event.preventDefault()
    const id = stepId(typed)
    setIsWrong(id === undefined)
    if (id === undefined) return
    setTyped('')
    onAdd(id)
  }
  return (
    <form className={styles.step} onSubmit={add}>
      <Field
        className={styles.grow}
        {...(isWrong ? { validationMessage: texts.stepWrong, hint: texts.stepHint } : {})}
      >
        <Input
          aria-label={texts.addStep}
          placeholder={texts.addStep}
          value={typed}
          onChange={(_, data) => {
            setTyped(data.value)
            setIsWrong(false)
          }}
        />
      </Field>
      <Button type="submit">{texts.add}</Button>
    </form>
  )
}
