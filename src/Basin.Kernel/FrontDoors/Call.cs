using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Json;

namespace Basin.Kernel.FrontDoors;

/// <summary>What other systems ask of one, as a route between processes: <c>POST /internal/{system}/{name}</c>.</summary>
/// <param name="Name">Lower case, with dashes; never reused for another meaning, because processes of two versions talk to each other during an update.</param>
/// <param name="MayRepeat">Whether asking twice does no more than asking once. Only then it is asked again when nobody has answered.</param>
public sealed record Call<TQuestion, TAnswer>(string System, string Name, bool MayRepeat)
{
    internal string Path => $"/internal/{System}/{Name}";
}

/// <summary>How questions and answers are written: as in the API, except that a process of another version may say more, or less.</summary>
internal static class CallJson
{
    public static JsonSerializerOptions Of(JsonOptions http) => new(http.SerializerOptions)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectRequiredConstructorParameters = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };
}
