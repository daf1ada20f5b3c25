// Renders kustomize directories and decodes what they make, strictly, by Kubernetes' own types.
//
// Built and run by manifests.ts. Takes directories; prints a JSON object for each, one a line: the
// directory, its objects as they would be applied, what the types refuse (a field that there is not, a
// value of another type, a key given twice), and the kinds that Kubernetes itself does not have. It renders as
// `kubectl apply -k` does, with kustomize's own library. Rejected: the kustomize program, which brings twice
// the packages and would be one more thing to find; kubeconform, whose schemas are not in the Go proxy.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

type rendered struct {
	Directory string            `json:"directory"`
	Error     string            `json:"error,omitempty"`
	Objects   []json.RawMessage `json:"objects"`
	Refused   []string          `json:"refused"`
	Unknown   []string          `json:"unknown"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("1.0.0")
		return
	}
	decoder := strictDecoder()
	lines := json.NewEncoder(os.Stdout)
	for _, directory := range os.Args[1:] {
		if err := lines.Encode(render(directory, decoder)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func strictDecoder() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, autoscaling.AddToScheme, batch.AddToScheme, core.AddToScheme,
		networking.AddToScheme, policy.AddToScheme, rbac.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

func render(directory string, decoder runtime.Decoder) rendered {
	out := rendered{Directory: directory, Objects: []json.RawMessage{}, Refused: []string{}, Unknown: []string{}}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	for _, resource := range resources.Resources() {
		name := resource.GetKind() + "/" + resource.GetName()
		text, err := resource.MarshalJSON()
		if err != nil {
			out.Refused = append(out.Refused, name+": "+err.Error())
			continue
		}
		out.Objects = append(out.Objects, text)
		// From YAML, as it is applied: there a key can stand twice.
		yaml, err := resource.AsYAML()
		if err == nil {
			_, _, err = decoder.Decode(yaml, nil, nil)
		}
		if runtime.IsNotRegisteredError(err) {
			out.Unknown = append(out.Unknown, resource.GetApiVersion()+" "+name)
		} else if err != nil {
			out.Refused = append(out.Refused, name+": "+err.Error())
		}
	}
	return out
}
