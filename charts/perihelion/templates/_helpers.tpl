{{/* Name of the release's objects. */}}
{{- define "perihelion.fullname" -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels of every object. */}}
{{- define "perihelion.labels" -}}
app.kubernetes.io/name: perihelion
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: perihelion
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* What selects the Pods of a role; never changes, because selectors cannot. */}}
{{- define "perihelion.selector" -}}
app.kubernetes.io/name: perihelion
app.kubernetes.io/component: {{ . }}
{{- end -}}

{{/* Annotations of every Pod; the user's values win over them. */}}
{{- define "perihelion.annotations" -}}
kubectl.kubernetes.io/default-container: perihelion
prometheus.io/scrape: 'true'
prometheus.io/port: '8080'
prometheus.io/path: /metrics
{{- end -}}

{{/* Roles that have a Deployment of their own. */}}
{{- define "perihelion.roles" -}}
{{- if .Values.singleProcess -}}admission{{- else -}}admission learner{{- end -}}
{{- end -}}

{{- define "perihelion.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Secret of a certificate that others make. */}}
{{- define "perihelion.certificateSecret" -}}
{{ .Values.certificates.secretName | default (printf "%s-tls" (include "perihelion.fullname" .)) }}
{{- end -}}

{{/* The settings file: what the chart decides, and over it what the user may set. */}}
{{- define "perihelion.settings" -}}
{{- $name := include "perihelion.fullname" . -}}
{{- $decided := dict
  "namespace" .Release.Namespace
  "webhook" (dict "port" 10250 "service" $name "configuration" $name "secret" (printf "%s-webhook" $name))
  "operations" (dict "port" 8080)
  "learner" (dict "leaseName" (printf "%s-learner" $name))
  "audit" (dict "path" "/var/log/perihelion/audit.jsonl" "maximumFileBytes" 67108864 "keepFiles" 10)
  "drainSeconds" 10
-}}
{{- if ne .Values.certificates.source "Managed" -}}
{{- $folder := "/etc/perihelion-tls" -}}
{{- $_ := set $decided.webhook "certificates" "Files" -}}
{{- $_ := set $decided.webhook "files" (dict "certificateFile" (printf "%s/tls.crt" $folder) "privateKeyFile" (printf "%s/tls.key" $folder) "caFile" (printf "%s/ca.crt" $folder)) -}}
{{- end -}}
{{- if .Values.dashboard.enabled -}}
{{- $_ := set $decided "dashboard" (dict "enabled" true "host" "0.0.0.0" "port" 10260 "authentication" "Kubernetes" "service" (printf "%s-dashboard" $name)) -}}
{{- end -}}
{{- toYaml (mustMergeOverwrite $decided (deepCopy .Values.settings)) -}}
{{- end -}}

{{/* Nothing, or an end: log files that outgrow their volume have their Pods evicted. */}}
{{- define "perihelion.checkAudit" -}}
{{- $audit := (include "perihelion.settings" . | fromYaml).audit -}}
{{- $room := 1006632960 -}}
{{- $needed := mul (int64 $audit.maximumFileBytes) (add1 (int64 $audit.keepFiles)) -}}
{{- if and (hasPrefix "/var/log/perihelion/" $audit.path) (gt $needed (int64 $room)) -}}
{{- fail (printf "settings.audit: maximumFileBytes x (keepFiles + 1) is %d bytes, expected at most %d: the volume of /var/log/perihelion has 1Gi, and a Pod that fills it is evicted. Log to a volume of your own (extraVolumes) for more." $needed (int64 $room)) -}}
{{- end -}}
{{- end -}}

{{/* The Deployment of a role: dict "root" $ "role" "admission". */}}
{{- define "perihelion.deployment" -}}
{{- include "perihelion.checkAudit" .root -}}
{{- $name := include "perihelion.fullname" .root -}}
{{- $values := get .root.Values .role -}}
{{- $serving := eq .role "admission" -}}
{{- $learning := or (eq .role "learner") .root.Values.singleProcess -}}
{{- $showing := and $learning .root.Values.dashboard.enabled -}}
{{- $mounted := and (or $serving $showing) (ne .root.Values.certificates.source "Managed") -}}
{{- $runs := .role -}}
{{- if .root.Values.singleProcess }}{{ $runs = "admission,learner" }}{{ end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}-{{ .role }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "perihelion.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  replicas: {{ $values.replicas }}
  revisionHistoryLimit: 3
  strategy:
    type: RollingUpdate
    rollingUpdate:
      # A new replica of the webhook is ready before an old one goes.
      maxUnavailable: {{ ternary 0 1 $serving }}
      maxSurge: 1
  selector:
    matchLabels:
      {{- include "perihelion.selector" .role | nindent 6 }}
  template:
    metadata:
      labels:
        {{- toYaml (mustMerge (include "perihelion.selector" .role | fromYaml) $values.podLabels) | nindent 8 }}
      annotations:
        # A changed setting rolls the Pods.
        checksum/settings: {{ include "perihelion.settings" .root | sha256sum }}
        {{- toYaml (mustMerge (deepCopy $values.podAnnotations) (include "perihelion.annotations" . | fromYaml)) | nindent 8 }}
    spec:
      serviceAccountName: {{ $name }}-{{ .role }}
      automountServiceAccountToken: true
      enableServiceLinks: false
      {{- with .root.Values.priorityClass.name }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      # Drain (10 s) + the last request (2 s) + the audit queue (5 s), with room to spare.
      terminationGracePeriodSeconds: {{ add 20 (default 10 .root.Values.settings.drainSeconds) }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # Apart where possible; a cluster of one node still gets both replicas.
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "perihelion.selector" $.role | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      containers:
        - name: perihelion
          image: {{ include "perihelion.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [serve, --role, {{ $runs | quote }}, --config, /etc/perihelion/settings.yaml]
          ports:
            {{- if $serving }}
            # Private clusters let the control plane reach nodes on this port without a new rule.
            - name: webhook
              containerPort: 10250
              protocol: TCP
            {{- end }}
            - name: operations
              containerPort: 8080
              protocol: TCP
            {{- if $showing }}
            - name: dashboard
              containerPort: 10260
              protocol: TCP
            {{- end }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          resources:
            {{- toYaml (ternary .root.Values.learner.resources $values.resources .root.Values.singleProcess) | nindent 12 }}
          startupProbe:
            httpGet:
              path: /healthz
              port: operations
            periodSeconds: 1
            failureThreshold: 60
          readinessProbe:
            httpGet:
              path: /readyz
              port: operations
            periodSeconds: 2
            failureThreshold: 2
          livenessProbe:
            httpGet:
              path: /healthz
              port: operations
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          volumeMounts:
            - name: settings
              mountPath: /etc/perihelion
              readOnly: true
            - name: audit
              mountPath: /var/log/perihelion
            {{- if $mounted }}
            - name: tls
              mountPath: /etc/perihelion-tls
              readOnly: true
            {{- end }}
            {{- with .root.Values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: settings
          configMap:
            name: {{ $name }}-settings
        # Room for the current audit file and ten rotated ones of 64 MiB.
        - name: audit
          emptyDir:
            sizeLimit: 1Gi
        {{- if $mounted }}
        - name: tls
          secret:
            secretName: {{ include "perihelion.certificateSecret" .root }}
            defaultMode: 288 # 0440
        {{- end }}
        {{- with .root.Values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{/* An object of the Prometheus operator: dict "root" $ "kind" "name" "spec" "labels". */}}
{{- define "perihelion.monitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "perihelion.labels" .root | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- toYaml .spec | nindent 2 }}
{{- end -}}
