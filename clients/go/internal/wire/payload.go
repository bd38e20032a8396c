package wire

import (
	"math"
	"strings"

	"google.golang.org/protobuf/proto"

	v1 "github.com/PixxzR/openclone/clients/go/openclonev1"
)

// inspect tells which source type a payload is for (unspecified if it is none of the 15, or a nil pointer), and whether all of
// its doubles are finite. A switch, as reflection would cost more than encoding the payload.
func inspect(message proto.Message) (v1.SourceType, bool) {
	switch m := message.(type) {
	case *v1.AudioSystem:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_AUDIO_SYSTEM), finite(m.GetDuration(), m.GetConfidence())
	case *v1.AudioMic:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_AUDIO_MIC), finite(m.GetDuration(), m.GetConfidence())
	case *v1.ScreenOcr:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_SCREEN_OCR), true
	case *v1.Journal:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_JOURNAL), finite(m.GetDuration())
	case *v1.WebBrowsing:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_WEB_BROWSING), finite(m.GetReadingTime())
	case *v1.Music:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_MUSIC), finite(m.GetDuration())
	case *v1.Health:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_HEALTH), finite(m.GetHeartRate(), m.GetSleepHours())
	case *v1.Calendar:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_CALENDAR), true
	case *v1.Notes:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_NOTES), true
	case *v1.Gps:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_GPS), finite(m.GetLat(), m.GetLon(), m.GetAccuracy())
	case *v1.Photos:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_PHOTOS), finite(m.GetTimestamp())
	case *v1.Email:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_EMAIL), true
	case *v1.Messaging:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_MESSAGING), true
	case *v1.Activity:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_ACTIVITY), finite(m.GetDuration())
	case *v1.Braindump:
		return known(m != nil, v1.SourceType_SOURCE_TYPE_BRAINDUMP), true
	}
	return v1.SourceType_SOURCE_TYPE_UNSPECIFIED, true
}

// SourceOfPayload tells which source type a payload is for; unspecified if it is none of the 15.
func SourceOfPayload(message proto.Message) v1.SourceType {
	source, _ := inspect(message)
	return source
}

func known(isThere bool, source v1.SourceType) v1.SourceType {
	if !isThere {
		return v1.SourceType_SOURCE_TYPE_UNSPECIFIED
	}
	return source
}

func finite(numbers ...float64) bool {
	for _, number := range numbers {
		if math.IsNaN(number) || math.IsInf(number, 0) {
			return false
		}
	}
	return true
}

// SourceName is the name of a source type in JSON, such as "audio_mic".
func SourceName(source v1.SourceType) string {
	return strings.ToLower(strings.TrimPrefix(source.String(), "SOURCE_TYPE_"))
}

// PlatformName is the name of a platform in JSON, such as "linux".
func PlatformName(platform v1.Platform) string {
	return strings.ToLower(strings.TrimPrefix(platform.String(), "PLATFORM_"))
}

// SourceOf finds a source type by its name in JSON; unspecified if there is none.
func SourceOf(name string) v1.SourceType {
	return v1.SourceType(v1.SourceType_value["SOURCE_TYPE_"+upper(name)])
}

// PlatformOf finds a platform by its name in JSON; unspecified if there is none.
func PlatformOf(name string) v1.Platform {
	return v1.Platform(v1.Platform_value["PLATFORM_"+upper(name)])
}

// upper makes sure that only names in lower case are found.
func upper(name string) string {
	if strings.ToLower(name) != name {
		return ""
	}
	return strings.ToUpper(name)
}
