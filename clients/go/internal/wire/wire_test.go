package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	v1 "github.com/PixxzR/openclone/clients/go/openclonev1"
)

var moment = time.Unix(1_708_258_800, 123_456_000)

// samples are payloads of all source types with each field set, and their documented JSON.
var samples = []struct {
	source  v1.SourceType
	payload proto.Message
	json    string
}{
	{1, &v1.AudioSystem{Text: new("t"), Duration: new(60.0), AppName: new("a"), Confidence: new(0.95)}, `{"text":"t","duration":60,"app_name":"a","confidence":0.95}`},
	{2, &v1.AudioMic{Text: new("t"), Duration: new(1.5), Confidence: new(1e-7)}, `{"text":"t","duration":1.5,"confidence":1e-7}`},
	{3, &v1.ScreenOcr{Text: new("a\n\"b\"\\\t\x01"), AppName: new("<&>"), WindowTitle: new(""), Url: new("u")}, `{"text":"a\n\"b\"\\\u0009\u0001","app_name":"<&>","window_title":"","url":"u"}`},
	{4, &v1.Journal{Text: new("ñ漢🙂"), Duration: new(0.0)}, `{"text":"ñ漢🙂","duration":0}`},
	{5, &v1.WebBrowsing{Url: new("u"), Title: new("t"), Domain: new("d"), ReadingTime: new(3.0)}, `{"url":"u","title":"t","domain":"d","reading_time":3}`},
	{6, &v1.Music{Track: new("t"), Artist: new("a"), Album: new("b"), Duration: new(1e21)}, `{"track":"t","artist":"a","album":"b","duration":1e+21}`},
	{7, &v1.Health{Steps: new(int64(math.MaxInt64)), HeartRate: new(60.5), SleepHours: new(8.0)}, `{"steps":9223372036854775807,"heart_rate":60.5,"sleep_hours":8}`},
	{8, &v1.Calendar{Title: new("t"), Start: new("s"), End: new("e"), Attendees: []string{"a", "b"}, Location: new("l")}, `{"title":"t","start":"s","end":"e","attendees":["a","b"],"location":"l"}`},
	{9, &v1.Notes{Title: new("t"), Text: new("x"), Tags: []string{"a"}}, `{"title":"t","text":"x","tags":["a"]}`},
	{10, &v1.Gps{Lat: new(-1.25), Lon: new(2.5), Accuracy: new(5.0), PlaceName: new("p")}, `{"lat":-1.25,"lon":2.5,"accuracy":5,"place_name":"p"}`},
	{11, &v1.Photos{Filename: new("f"), Location: new("l"), Timestamp: new(1708258800.5)}, `{"filename":"f","location":"l","timestamp":1708258800.5}`},
	{12, &v1.Email{Subject: new("s"), From: new("f"), To: []string{"t"}, Date: new("d")}, `{"subject":"s","from":"f","to":["t"],"date":"d"}`},
	{13, &v1.Messaging{Platform: new("p"), From: new("f"), Preview: new("v")}, `{"platform":"p","from":"f","preview":"v"}`},
	{14, &v1.Activity{AppName: new("a"), Duration: new(1.0), Category: new("c")}, `{"app_name":"a","duration":1,"category":"c"}`},
	{15, &v1.Braindump{Text: new("t")}, `{"text":"t"}`},
	{15, &v1.Braindump{}, `{}`},
}

func TestEachPayloadIsEncodedAsGeneratedCodeReadsIt(t *testing.T) {
	for _, sample := range samples {
		encoded, err := AppendEvent(nil, sample.source, moment, "ref", sample.payload)
		if err != nil {
			t.Fatal(sample.source, err)
		}
		var event v1.Event
		if err := proto.Unmarshal(encoded, &event); err != nil {
			t.Fatal(sample.source, err)
		}
		field := event.ProtoReflect().WhichOneof(event.ProtoReflect().Descriptor().Oneofs().ByName("data"))
		if got := event.ProtoReflect().Get(field).Message().Interface(); !proto.Equal(got, sample.payload) {
			t.Errorf("%s: %v, want %v", sample.source, got, sample.payload)
		}
		if event.GetRawRef() != "ref" || !event.GetTimestamp().AsTime().Equal(moment) {
			t.Errorf("%s: %v", sample.source, &event)
		}
		text, err := AppendEventJSON(nil, encoded)
		want := `{"timestamp":1708258800.123456,"raw_ref":"ref","data":` + sample.json + "}"
		if err != nil || string(text) != want || !json.Valid(text) {
			t.Errorf("%s: %s, want %s, %v", sample.source, text, want, err)
		}
	}
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	brain, long := &v1.Braindump{Text: new("t")}, strings.Repeat("r", 257)
	cases := map[string]struct {
		at     time.Time
		rawRef string
		data   any
	}{
		"before 2020":    {time.Unix(1_577_836_799, 999), "r", brain},
		"long raw_ref":   {moment, long, brain},
		"bad raw_ref":    {moment, "\xff", brain},
		"other payload":  {moment, "r", &v1.Journal{Text: new("t")}},
		"nil payload":    {moment, "r", (*v1.Braindump)(nil)},
		"batch":          {moment, "r", &v1.Batch{}},
		"bad text":       {moment, "r", &v1.Braindump{Text: new("\xff")}},
		"nothing":        {moment, "r", nil},
		"list":           {moment, "r", []int{1}},
		"text":           {moment, "r", "{}"},
		"function":       {moment, "r", func() {}},
		"not a number":   {moment, "r", map[string]any{"x": math.NaN()}},
		"raw list":       {moment, "r", json.RawMessage(" [1]")},
		"raw half":       {moment, "r", json.RawMessage(`{"a":`)},
		"raw two":        {moment, "r", json.RawMessage(`{} {}`)},
		"raw no UTF-8":   {moment, "r", json.RawMessage("{\"a\":\"\xff\"}")},
		"raw with spoil": {moment, "r", json.RawMessage(``)},
	}
	for name, bad := range cases {
		if _, err := AppendEvent(nil, 15, bad.at, bad.rawRef, bad.data); !errors.Is(err, sdkerr.ErrInvalidEvent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := AppendEvent(nil, 10, moment, "r", &v1.Gps{Lat: new(math.Inf(1))}); !errors.Is(err, sdkerr.ErrInvalidEvent) {
		t.Errorf("infinite: %v", err)
	}
}

func TestJSONIsPassedOnWithAllItsDigits(t *testing.T) {
	for data, want := range map[any]string{
		string(` {"n": 12345678901234567890, "d": 0.10}`): ` {"n": 12345678901234567890, "d": 0.10}`,
	} {
		encoded, err := AppendEvent(nil, 15, moment, "r", json.RawMessage(data.(string)))
		var event v1.Event
		if err != nil || proto.Unmarshal(encoded, &event) != nil || event.GetJson() != want {
			t.Errorf("%v: %q, %v", data, event.GetJson(), err)
		}
	}
	encoded, err := AppendEvent(nil, 15, moment, "r", map[string]any{"a": "<b>&"})
	var event v1.Event
	if err != nil || proto.Unmarshal(encoded, &event) != nil || event.GetJson() != `{"a":"<b>&"}` {
		t.Errorf("%q, %v", event.GetJson(), err)
	}
}

func TestTheLimitIsThatOfTheJSONForm(t *testing.T) {
	frame := len(`{"timestamp":1708258800.123456,"raw_ref":"r","data":{"tags":["","","",""]}}`)
	for _, one := range []struct {
		text  string
		count int
		ok    bool
	}{{"x", MaxEventJSONBytes - frame, true}, {"x", MaxEventJSONBytes - frame + 1, false}, {"\x01", (MaxEventJSONBytes - frame) / 6, true}, {"\x01", (MaxEventJSONBytes-frame)/6 + 1, false}} {
		text, quarter := strings.Repeat(one.text, one.count), one.count/4*len(one.text)
		tags := []string{text[:quarter], text[quarter : 2*quarter], text[2*quarter : 3*quarter], text[3*quarter:]}
		_, err := AppendEvent(nil, 9, moment, "r", &v1.Notes{Tags: tags})
		if one.ok != (err == nil) || !one.ok && !errors.Is(err, sdkerr.ErrEventTooLarge) {
			t.Errorf("%d of %q: %v", one.count, one.text, err)
		}
	}
}

func TestARequestIsReadAsItWasMeant(t *testing.T) {
	header, _ := proto.Marshal(&v1.Batch{SourceType: 15, Platform: 3, DeviceId: "d", PluginId: "p", PluginVersion: "1.0.0"})
	var events Events
	for index := range 3 {
		encoded, err := AppendEvent(nil, 15, moment, fmt.Sprint("r", index), &v1.Braindump{Text: new("t")})
		if err != nil || !events.Add(encoded) {
			t.Fatal(err)
		}
	}
	picked := events.Pick([]int{0, 2})
	var request v1.IngestRequest
	if err := proto.Unmarshal(append(RequestPrefix(7, header, moment, &picked), picked.Bytes()...), &request); err != nil {
		t.Fatal(err)
	}
	batch := request.GetBatch()
	if request.GetSequence() != 7 || batch.GetPluginId() != "p" || !batch.GetTimestamp().AsTime().Equal(moment) {
		t.Errorf("%v", &request)
	}
	if len(batch.GetEvents()) != 2 || batch.GetEvents()[1].GetRawRef() != "r2" {
		t.Errorf("%v", batch.GetEvents())
	}
	text, err := BatchJSON(header, moment, &picked, []string{"why"})
	var documented map[string]any
	if err != nil || json.Unmarshal(text, &documented) != nil {
		t.Fatalf("%s: %v", text, err)
	}
	want := map[string]any{"source_type": "braindump", "platform": "linux", "device_id": "d", "plugin_id": "p", "plugin_version": "1.0.0", "rejected": []any{"why"}}
	for name, value := range want {
		if !reflect.DeepEqual(documented[name], value) {
			t.Errorf("%s: %v, want %v", name, documented[name], value)
		}
	}
	if len(documented["events"].([]any)) != 2 {
		t.Errorf("%s", text)
	}
}

func TestABatchEndsBeforeItsLimit(t *testing.T) {
	var events Events
	event := make([]byte, 300_000)
	for range 3 {
		if !events.Add(event) {
			t.Fatal("three fit")
		}
	}
	if events.Add(event) || events.Size() > MaxBatchBytes || events.Len() != 3 {
		t.Errorf("%d events, %d bytes", events.Len(), events.Size())
	}
	var single Events
	if !single.Add(make([]byte, 2*MaxBatchBytes)) {
		t.Error("the first always fits")
	}
}

func TestSplitKeepsEachEventOnceAndEnds(t *testing.T) {
	for range 2000 {
		count := 1 + rand.IntN(40)
		var named []int
		for range rand.IntN(4) {
			named = append(named, rand.IntN(count+4)-2)
		}
		aside, again := Split(count, named)
		all := slices.Clone(aside)
		for _, part := range again {
			if len(part) == 0 || len(part) == count {
				t.Fatalf("%d, %v: part %v", count, named, part)
			}
			all = append(all, part...)
		}
		slices.Sort(all)
		if !slices.Equal(all, span(0, count)) {
			t.Fatalf("%d, %v: %v and %v", count, named, aside, again)
		}
	}
	aside, again := Split(5, []int{3, 1, 3})
	if !slices.Equal(aside, []int{1, 3}) || !slices.Equal(again[0], []int{0, 2, 4}) {
		t.Errorf("%v and %v", aside, again)
	}
	aside, again = Split(5, nil)
	if aside != nil || len(again) != 2 || len(again[0]) != 2 || len(again[1]) != 3 {
		t.Errorf("%v and %v", aside, again)
	}
}

func TestWhatTheServiceWouldRejectIsInvalid(t *testing.T) {
	deep := func(levels int) string {
		return strings.Repeat(`{"a":`, levels-1) + "{}" + strings.Repeat("}", levels-1)
	}
	members := func(count int) map[string]any {
		made := map[string]any{}
		for index := range count {
			made[fmt.Sprint(index)] = []any{index}
		}
		return made
	}
	long := strings.Repeat("é", MaxDataStringBytes/2)
	for name, one := range map[string]struct {
		at      time.Time
		data    any
		isValid bool
	}{
		"deep":            {moment, json.RawMessage(deep(32)), true},
		"too deep":        {moment, json.RawMessage(deep(33)), false},
		"too many arrays": {moment, json.RawMessage(`{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`), false},
		"members":         {moment, members(256), true},
		"too many":        {moment, members(257), false},
		"key":             {moment, map[string]any{strings.Repeat("k", 128): 1}, true},
		"long key":        {moment, map[string]any{strings.Repeat("k", 129): 1}, false},
		"text":            {moment, map[string]any{"a": []string{long}}, true},
		"long text":       {moment, map[string]any{"a": []string{long + "x"}}, false},
		"payload":         {moment, &v1.Braindump{Text: &long}, true},
		"long payload":    {moment, &v1.Braindump{Text: new(long + "x")}, false},
		"tomorrow":        {time.Now().Add(23 * time.Hour), map[string]any{}, true},
		"ahead":           {time.Now().Add(25 * time.Hour), map[string]any{}, false},
		"milliseconds":    {time.Unix(time.Now().UnixMilli(), 0), map[string]any{}, false},
	} {
		_, err := AppendEvent(nil, 15, one.at, "r", one.data)
		if one.isValid != (err == nil) || !one.isValid && !errors.Is(err, sdkerr.ErrInvalidEvent) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "milliseconds" && !strings.Contains(fmt.Sprint(err), "UnixMilli") {
			t.Errorf("no hint: %v", err)
		}
	}
}
