using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Hosting;

/// <summary>A part of the configuration and the type that it is bound to.</summary>
/// <param name="Path">Such as <c>Basin:Store</c>.</param>
public sealed record OptionsSection(string Path, Type Type);

public static class OptionsSections
{
    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Binds section <c>Basin:{section}</c>; a value out of range or an unknown name refuses the start.</summary>
        public void AddOptionsSection<TOptions>(string section)
            where TOptions : class
        {
            var path = $"Basin:{section}";
            builder.Services.AddOptions<TOptions>()
                .Bind(builder.Configuration.GetSection(path), binder => binder.ErrorOnUnknownConfiguration = true)
                .ValidateDataAnnotations()
                .ValidateOnStart();
            builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<TOptions>>().Value);
            builder.Services.AddSingleton(new OptionsSection(path, typeof(TOptions)));
        }
    }
}
