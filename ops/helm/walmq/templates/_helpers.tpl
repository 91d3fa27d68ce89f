{{/* Name of the release's objects: "walmq" for a release of that name, else "<release>-walmq". */}}
{{- define "walmq.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "walmq.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "walmq.labels" -}}
{{ include "walmq.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* The secret with the variables of every program. */}}
{{- define "walmq.secret" -}}
{{- if .Values.secret.existing }}{{ .Values.secret.existing }}
{{- else if .Values.secret.values }}{{ include "walmq.name" . }}
{{- else }}{{ fail "secret.existing or secret.values is required: it holds DATABASE_URL and REDIS_URL" }}
{{- end }}
{{- end }}

{{/* What every pod has: PodSecurity "restricted" admits it. */}}
{{- define "walmq.pod" -}}
automountServiceAccountToken: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every container has. program: command and args; env: its own variables; resources. */}}
{{- define "walmq.container" -}}
image: {{ printf "%s:%s" .root.Values.image.repository (default .root.Chart.AppVersion .root.Values.image.tag) | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{- with (default .root.Values.command .program.command) }}
command: {{ toJson . }}
{{- end }}
{{- with .args }}
args: {{ toJson . }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
envFrom:
  - secretRef:
      name: {{ include "walmq.secret" .root }}
env:
  - name: WALMQ_HOST
    value: 0.0.0.0
  - name: WALMQ_PORT
    value: "9100"
{{- range $name, $value := merge (dict) (default (dict) .program.env) .root.Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
{{- end }}
{{- with .program.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where a program serves its health and metrics. A standby capture is ready too. */}}
{{- define "walmq.probes" -}}
ports:
  - name: http
    containerPort: 9100
readinessProbe:
  httpGet:
    path: /ready
    port: http
livenessProbe:
  httpGet:
    path: /live
    port: http
  failureThreshold: 6
{{- end }}

{{/* Spread over nodes where that is possible. */}}
{{- define "walmq.spread" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "walmq.selector" . | nindent 14 }}
{{- end }}
